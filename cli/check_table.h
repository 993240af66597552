// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_CHECK_TABLE_H_
#define TDXVFS_CLI_CHECK_TABLE_H_

#include <vector>

#include "attest/check.h"
#include "cli/json_leaves.h"
#include "cli/text_table.h"

namespace tdxvfs::cli {

// A table for people: verdict, name and source of each check and, where it
// failed, what was expected and what was found.
TextTable CheckTable(const attest::Checks& checks);

// The checks in an audit record, which must outlive them.
attest::Checks ChecksOfRecord(const std::vector<JsonLeaf>& record);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_CHECK_TABLE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_JSON_FAULT_H_
#define TDXVFS_ATTEST_POLICY_JSON_FAULT_H_

#include <string>
#include <string_view>

namespace tdxvfs::policy {

// Where a text stops being JSON (RFC 8259) and what was expected there, since
// the parser does not say: "line 3, column 17: expected ',' or '}'". Lines and
// columns count from 1, columns in characters. Empty where nothing is found;
// for messages alone, it decides nothing.
std::string JsonFault(std::string_view text);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_JSON_FAULT_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_JSON_FAULT_H_
#define TDXVFS_ATTEST_POLICY_JSON_FAULT_H_

#include <string>
#include <string_view>

namespace tdxvfs::policy {

// Where a text of at most 2 GiB stops being JSON (RFC 8259) and what json-c
// expected there, since the parser that decides does not say: "line 3, column
// 17: array value separator ',' expected". Lines and columns count from 1,
// columns in characters. Empty where nothing is found: json-c takes a few
// things that are not JSON. For messages alone, it decides nothing.
std::string JsonFault(std::string_view text);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_JSON_FAULT_H_

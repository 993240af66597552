// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_CHECK_H_
#define TDXVFS_ATTEST_CHECK_H_

#include <string>
#include <string_view>
#include <vector>

namespace tdxvfs::attest {

// One check that was made, for audit records and people.
struct Check {
  std::string name;      // for example "rtmr1" or "quote signature"
  std::string expected;  // what was demanded; lower-case hex for bytes
  std::string actual;    // what was found
  bool passed = false;
  std::string_view source;  // where the rule comes from; outlives the check
};

using Checks = std::vector<Check>;

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_CHECK_H_

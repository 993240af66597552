// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_DAMAGED_RECORDS_H_
#define TDXVFS_CLI_DAMAGED_RECORDS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "common/result.h"

namespace tdxvfs::cli {

// Called once a list is printed: fails with kStoreInvalid when entries of it
// are damaged, and says how many and what the first one's matter is.
template <typename Info>
Result<void> FailIfDamaged(const std::vector<Info>& list) {
  const auto damaged = [](const Info& info) { return !info.damaged.empty(); };
  const auto first = std::ranges::find_if(list, damaged);
  if (first == list.end()) {
    return {};
  }
  const auto count = std::ranges::count_if(list, damaged);
  return Error(Reason::kStoreInvalid,
               (count == 1 ? "1 record of the key store is damaged: "
                           : std::to_string(count) +
                                 " records of the key store are damaged, the "
                                 "first of them: ") +
                   first->damaged);
}

// The same for lines of the audit log, which have no entry in any list: fails
// with kAuditTampered when some were left out.
inline Result<void> FailIfLinesDamaged(std::size_t count) {
  if (count == 0) {
    return {};
  }
  return Error(Reason::kAuditTampered,
               std::to_string(count) +
                   (count == 1 ? " line of the audit log is"
                               : " lines of the audit log are") +
                   " damaged and left out; 'tdxvfs audit verify' names the "
                   "first one");
}

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_DAMAGED_RECORDS_H_

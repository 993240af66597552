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

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_DAMAGED_RECORDS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_MUST_H_
#define TDXVFS_BENCH_MUST_H_

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string_view>
#include <utility>

#include "common/result.h"

namespace tdxvfs::bench {

// A bench that cannot go on ends, and says why.
[[noreturn]] inline void GiveUp(std::string_view why) {
  (void)fprintf(stderr, "%s: %.*s\n", program_invocation_short_name,
                static_cast<int>(why.size()), why.data());
  exit(1);
}

template <typename T>
T Must(Result<T> result) {
  if (!result.has_value()) {
    GiveUp(result.error().ToString());
  }
  return std::move(result).value();
}

inline void Must(const Result<void>& result) {
  if (!result.has_value()) {
    GiveUp(result.error().ToString());
  }
}

// For system calls: `worked` is false when errno says why.
inline void MustSystem(bool worked, const char* what) {
  if (!worked) {
    GiveUp(SystemError(Reason::kInternal, what, errno).ToString());
  }
}

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_MUST_H_

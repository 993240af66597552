// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CHILD_PROCESS_H_
#define TDXVFS_LUKS_IMAGE_CHILD_PROCESS_H_

#include <string>
#include <vector>

#include "common/result.h"

namespace tdxvfs::image {

// The descriptor number under which a child finds the file it is given.
inline constexpr int kChildFile = 3;

struct ChildOutcome {
  bool success = false;
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string last_line;  // of what it printed
};

// Runs a program found in PATH with these arguments, without a shell, and
// waits for it. It gets /dev/null as input, `file` as kChildFile and nothing
// else of ours. Fails with kFileNotFound (no such program) or kInternal.
Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              int file);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CHILD_PROCESS_H_

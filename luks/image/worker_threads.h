// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_WORKER_THREADS_H_
#define TDXVFS_LUKS_IMAGE_WORKER_THREADS_H_

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "common/result.h"

namespace tdxvfs::image {

// Calls `run` with each of 0, 1, ... below `count` on a thread of its own. As
// many start as the system lets: the work must not need all of them. Fails
// with kInternal when not even the first does, as under a limit of processes.
Result<std::vector<std::jthread>> StartThreads(
    std::size_t count, const std::function<void(std::size_t number)>& run);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_WORKER_THREADS_H_

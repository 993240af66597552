// SPDX-License-Identifier: Apache-2.0
#include "luks/image/worker_threads.h"

#include <system_error>

namespace tdxvfs::image {

Result<std::vector<std::jthread>> StartThreads(
    std::size_t count, const std::function<void(std::size_t number)>& run) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  // The standard library tells of no thread by throwing alone; uncaught, a
  // container's limit of processes would end the program without a word.
  try {
    while (threads.size() < count) {
      threads.emplace_back(run, threads.size());
    }
  } catch (const std::system_error& refused) {
    if (threads.empty()) {
      return SystemError(Reason::kInternal, "start a thread",
                         refused.code().value());
    }
  }
  return threads;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/worker_threads.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "tests/support/result_matchers.h"

namespace tdxvfs::image {
namespace {

TEST(WorkerThreads, EachIsCalledWithItsNumber) {
  std::array<std::atomic<int>, 3> calls{};
  {
    ASSERT_OK_AND_ASSIGN(
        const auto threads,
        StartThreads(calls.size(),
                     [&calls](std::size_t number) { ++calls.at(number); }));
    EXPECT_EQ(threads.size(), calls.size());
  }
  for (const auto& called : calls) {
    EXPECT_EQ(called, 1);
  }
}

// The standard library throws, which nobody catches.
TEST(WorkerThreads, ALimitOfProcessesIsAnErrorAndNotTheEnd) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0 ||
        (::geteuid() == 0 && ::setuid(65534) != 0)) {  // root has no limit
      ::_exit(3);
    }
    const auto started = StartThreads(2, [](std::size_t) {});
    ::_exit(!started.has_value() &&
                    started.error().reason() == Reason::kInternal
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tdxvfs::image

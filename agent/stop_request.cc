// SPDX-License-Identifier: Apache-2.0
#include "agent/stop_request.h"

#include <signal.h>
#include <time.h>

#include <algorithm>

namespace tdxvfs::agent {
namespace {

volatile sig_atomic_t g_stop_requested = 0;

void OnStop(int /*signal*/) { g_stop_requested = 1; }

// A signal that comes between the look at the flag and the sleep is seen after
// at most this time.
constexpr std::chrono::milliseconds kSleepSlice{200};

}  // namespace

void WatchForStop() {
  // Without SA_RESTART, so that a wait for a quote ends at once.
  struct sigaction action {};
  action.sa_handler = OnStop;
  sigemptyset(&action.sa_mask);
  (void)sigaction(SIGTERM, &action, nullptr);
  (void)sigaction(SIGINT, &action, nullptr);
}

bool StopRequested() { return g_stop_requested != 0; }

bool SleepUnlessStopped(std::chrono::milliseconds duration) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + duration;
  while (!StopRequested()) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
        end - steady_clock::now());
    if (left.count() <= 0) {
      return true;
    }
    const auto slice = std::min<std::chrono::nanoseconds>(left, kSleepSlice);
    const timespec wait{0, static_cast<long>(slice.count())};
    (void)nanosleep(&wait, nullptr);
  }
  return false;
}

}  // namespace tdxvfs::agent

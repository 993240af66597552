// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_STOP_REQUEST_H_
#define TDXVFS_AGENT_STOP_REQUEST_H_

#include <chrono>

namespace tdxvfs::agent {

// SIGTERM and SIGINT from here on ask the process to stop: a blocking system
// call of the main thread fails with EINTR, waits end, and the caller unwinds,
// which removes whatever was half made. Call once in main, before any thread.
void WatchForStop();

bool StopRequested();

// Sleeps; false when it was cut short because a stop was requested.
bool SleepUnlessStopped(std::chrono::milliseconds duration);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_STOP_REQUEST_H_

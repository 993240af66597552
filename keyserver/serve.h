// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SERVE_H_
#define TDXVFS_KEYSERVER_SERVE_H_

#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// Runs a key server until SIGTERM or SIGINT; tells log and systemd how it
// fares. Call on the main thread before any other thread is started.
Result<void> Serve(const Config& config);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SERVE_H_

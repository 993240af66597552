// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SERVE_H_
#define TDXVFS_KEYSERVER_SERVE_H_

#include <filesystem>
#include <optional>

#include "common/log.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

struct ServeOptions {
  std::filesystem::path config;
  std::optional<LogLevel> log_level;  // instead of the configuration's
};

// Runs a key server until SIGTERM or SIGINT; reads its configuration again at
// SIGHUP; tells log and systemd how it fares. Call on the main thread before
// any other thread is started.
Result<void> Serve(const ServeOptions& options);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SERVE_H_

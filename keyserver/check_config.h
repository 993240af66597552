// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CHECK_CONFIG_H_
#define TDXVFS_KEYSERVER_CHECK_CONFIG_H_

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// Reads and checks every file and folder that the configuration names, without
// starting anything or touching the store. Folders that the installed unit
// makes may be missing. `now` is for the certificate and for revocation lists.
// Fails with kConfigInvalid, kConfigMissing or kPermission, naming file, line
// and key.
Result<void> CheckConfig(const Config& config,
                         std::chrono::system_clock::time_point now);

// What nothing is refused for, but does not do what its writer may think, as
// "FILE:LINE: KEY: ...".
std::vector<std::string> NotesOn(const Config& config);

// The same configuration for a program that systemd did not start: secrets that
// the installed unit hands over as credentials are read where it takes them
// from, `master.key` and `tls/server.key` beside the configuration.
Config OutsideOfUnit(Config config);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CHECK_CONFIG_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_INIT_H_
#define TDXVFS_KEYSERVER_INIT_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"

namespace tdxvfs::keyserver {

struct InitOptions {
  // /etc/tdxvfs is laid out for the systemd unit: secrets as credentials,
  // state below /var. Any other directory holds everything by itself.
  std::filesystem::path directory = "/etc/tdxvfs";
  std::vector<std::string> names;  // of the server; default: this host's
  std::string listen = "[::]:8443";
  std::string trust_anchor = "intel";  // or a PEM file
  std::string collateral = "pcs";      // or as in keyserver.toml
};

// Makes a master key, a certificate authority, a server certificate and
// keyserver.toml. Overwrites nothing: when one of the files exists, fails with
// kAlreadyExists before anything is written. Returns the text for people: the
// agent's configuration file, and what to copy where.
Result<std::string> Init(const InitOptions& options);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_INIT_H_

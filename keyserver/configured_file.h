// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CONFIGURED_FILE_H_
#define TDXVFS_KEYSERVER_CONFIGURED_FILE_H_

#include <string>

namespace tdxvfs::keyserver {

// A file that the configuration names: every error about it begins with
// `place`.
struct ConfiguredFile {
  std::string source;  // a path, for secrets also credential:NAME
  std::string place;   // "FILE:LINE: KEY", as Config::Place says it
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CONFIGURED_FILE_H_

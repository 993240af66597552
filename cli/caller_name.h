// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_CALLER_NAME_H_
#define TDXVFS_CLI_CALLER_NAME_H_

#include <string>

namespace tdxvfs::cli {

// Who runs this program, for a server's history: SUDO_USER when root was asked
// for by sudo, else the user's name, else `uid N`. At most 64 bytes. A claim of
// the caller, who may administer anyway.
std::string CallerName();

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_CALLER_NAME_H_

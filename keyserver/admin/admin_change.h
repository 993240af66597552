// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_

#include <string>
#include <string_view>

#include "common/result.h"
#include "keyserver/admin/administrator.h"

namespace tdxvfs::keyserver {

// Logs what an administrator changed of a volume.
void LogChange(const std::string& volume, const std::string& what);

// Who is written down as the author of a change: what a certificate says, or
// what a local caller says of itself, which must be short and printable. Fails
// with kUsage.
Result<std::string> AuthorOf(const Administrator& caller,
                             std::string_view claimed);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_

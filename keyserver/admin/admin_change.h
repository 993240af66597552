// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_

#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::keyserver {

// Logs what an administrator changed of a volume.
void LogChange(const std::string& volume, const std::string& what);

// Who a caller says it is: short and printable. Fails with kUsage.
Result<void> CheckAuthor(std::string_view author);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_CHANGE_H_

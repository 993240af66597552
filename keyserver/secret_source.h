// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SECRET_SOURCE_H_
#define TDXVFS_KEYSERVER_SECRET_SOURCE_H_

#include <string>
#include <string_view>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::keyserver {

// Where a secret of the configuration lies: an absolute path, or
// `credential:NAME`, the file NAME in the directory that systemd names in
// $CREDENTIALS_DIRECTORY. Fails with kConfigInvalid.
Result<void> CheckSecretSource(std::string_view source);

// Reads a secret of 1 to `max_size` bytes. A plain file must belong to this
// user or root and give group and others nothing; systemd guards credentials
// itself (ramfs, readable through an access list). Fails with kConfigInvalid or
// kConfigMissing.
Result<Secret> LoadSecret(std::string_view source, std::size_t max_size);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SECRET_SOURCE_H_

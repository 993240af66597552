// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_VERSION_ROW_H_
#define TDXVFS_KEYSERVER_KEYS_VERSION_ROW_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "keyserver/keys/key_store.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// The columns that ReadVersion expects, in order.
inline constexpr std::string_view kVersionColumns =
    "volume, version, uuid, header_size, header_sha256, header_profile, "
    "file_system, mount_options, retired, created, verity";

// Fails with kStoreInvalid when a digest has another size than 32 bytes or the
// verity column is not readable.
Result<VersionRecord> ReadVersion(const SqliteStatement& row);

// Mount options in one column, joined by commas.
std::string JoinMountOptions(const std::vector<std::string>& options);

// Every member of a description, each with its length before it: what the seal
// of a passphrase vouches for.
std::vector<std::uint8_t> DescriptionBytes(
    const VersionDescription& description);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_VERSION_ROW_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_FILE_H_
#define TDXVFS_COMMON_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs {

// Reads a whole regular file of at most `max_size` bytes; "-" is not special.
// Fails with kFileNotFound, kFileUnreadable, kFileInvalid (not a regular file,
// too large).
Result<std::string> ReadFile(const std::filesystem::path& path,
                             std::size_t max_size);

// As ReadFile, for a configuration file: also refused with kConfigInvalid when
// another user than root or the caller owns it or when group or others may
// write it. A missing file is kConfigMissing.
Result<std::string> ReadConfigFile(const std::filesystem::path& path,
                                   std::size_t max_size);

// Reads a passphrase file byte for byte (nothing is trimmed) into a Secret of
// 1 to `max_size` bytes; "-" reads standard input to its end.
Result<Secret> ReadSecretFile(const std::filesystem::path& path,
                              std::size_t max_size);

// Writes a new file with this mode and syncs it: the whole content or nothing.
// Fails by ReasonOfWriting.
Result<void> WriteNewFile(const std::filesystem::path& path,
                          std::span<const std::uint8_t> content, mode_t mode);

// Replaces (or makes) a file through a temporary name, fsync and rename.
Result<void> ReplaceFile(const std::filesystem::path& path,
                         std::span<const std::uint8_t> content, mode_t mode);

// Why a file could not be made or written, by errno: kAlreadyExists, kNoSpace
// (also by quota or size limit), kFileNotFound (no such folder), kPermission or
// kFileUnwritable.
Reason ReasonOfWriting(int error_number);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_FILE_H_

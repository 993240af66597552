// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_REGISTER_VERSION_H_
#define TDXVFS_CLI_REGISTER_VERSION_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/admin_client.h"
#include "cli/console.h"
#include "cli/volume_description.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::cli {

// The longest passphrase that a key server keeps, in bytes.
inline constexpr std::size_t kMaxPassphraseSize = 512;

// Reads a passphrase that exists already, byte for byte, a newline at its end
// included; "-" is standard input. Fails as ReadSecretFile does.
Result<Secret> ReadPassphrase(const std::filesystem::path& path);

// The same for a key file of one's own making: a missing one is
// kKeyFileMissing, never made by itself. One that others may read is remarked
// on.
Result<Secret> ReadKeyFile(const std::filesystem::path& path,
                           const Console& console);

// Registers a version and prints its number. Remarks follow when agents refuse
// it for want of dm-verity parameters, when its profile leaves something
// unprotected, and when the volume has no policy yet, since nothing is released
// without one.
Result<void> RegisterVersion(AdminClient& server, const std::string& volume,
                             const VolumeDescription& description,
                             const Secret& passphrase, const Console& console);

// The remarks alone, for commands that print their own result.
void RemarkProfile(const VolumeDescription& description,
                   const Console& console);
void RemarkMissingPolicy(AdminClient& server, const std::string& volume,
                         const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_REGISTER_VERSION_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_BACKUP_H_
#define TDXVFS_KEYSERVER_BACKUP_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// Writes the store of the running server to a new file: as it is (sealed under
// the master key), or encrypted to every public key in the files `recipients`
// (PEM, X25519) when there are some. The file is whole and synced, or not
// there. Fails with kAlreadyExists, kNoSpace, or as StoreClient.
Result<void> Backup(const Config& config, const std::filesystem::path& file,
                    const std::vector<std::string>& recipients);

// Puts a backup in the place of a store that is not there; `identity` is the
// file of a private key (PEM, X25519), needed when it is encrypted. The master
// key in `key_file` is tried on it. Fails with kAlreadyExists when there is a
// store, kStoreInvalid when only the journal of one is there, kStoreNewer,
// kStoreKeyWrong, kFileInvalid (the backup was changed or is cut off).
Result<void> Restore(const Config& config,
                     const std::filesystem::path& key_file,
                     const std::filesystem::path& file,
                     const std::string& identity);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_BACKUP_H_

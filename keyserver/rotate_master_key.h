// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ROTATE_MASTER_KEY_H_
#define TDXVFS_KEYSERVER_ROTATE_MASTER_KEY_H_

#include <filesystem>
#include <string>

#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// The file that the master key is kept in: the one that the configuration
// names, or master.key beside `config_file` when it names a credential.
std::filesystem::path MasterKeyFile(const Config& config,
                                    const std::filesystem::path& config_file);

// Replaces the master key of a running server: makes a new one beside
// `key_file` (FILE.next), lets the server seal its store under it, keeps the
// earlier one as FILE.previous and puts the new one in its place. Killed
// anywhere, the store opens with what lies at FILE, and the same call goes on
// where it was. Returns what to tell the operator. Fails with kAlreadyExists
// when FILE.previous is there (move it to the backups that it belongs to), with
// kStoreKeyWrong when FILE is not the key of this server's store, else as its
// parts do.
Result<std::string> RotateMasterKey(const Config& config,
                                    const std::filesystem::path& key_file);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ROTATE_MASTER_KEY_H_

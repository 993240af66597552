// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_RESEAL_H_
#define TDXVFS_KEYSERVER_KEYS_RESEAL_H_

#include "common/result.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// Opens every sealed record of volumes, policies and versions with `from` and
// seals it again under `to`. To be run in a transaction. Fails with
// kStoreInvalid on the first record that does not open.
Result<void> ResealRecords(sqlite3* database, const MasterKey& from,
                           const MasterKey& to);

// Opens them all with `key` and changes nothing. Fails likewise.
Result<void> CheckRecords(sqlite3* database, const MasterKey& key);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_RESEAL_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_

#include <sqlite3.h>

#include <cstdint>

#include "common/result.h"

namespace tdxvfs::keyserver {

// The schema of a store's file that is open, which is looked over unless it is
// large. Fails with kStoreNewer, and with kStoreInvalid when it is no store or
// damaged.
Result<std::int64_t> CheckSchema(sqlite3* database);

// Looks all of the file over. Fails with kStoreInvalid.
Result<void> QuickCheck(sqlite3* database);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_PRESENCE_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_PRESENCE_H_

#include <filesystem>

#include "common/result.h"

namespace tdxvfs::keyserver {

// Whether a key store lies at `path`; false when a new one may be made there.
// Fails with kStoreInvalid when something else lies there, or only the journal
// of a store that was taken away: SQLite would play it back into whatever store
// gets the name next (https://www.sqlite.org/howtocorrupt.html, 1.4).
Result<bool> StoreIsPresent(const std::filesystem::path& path);

// Fails with kStoreInvalid when there is no store at `path`, but `log`, which a
// server that had one wrote: the store was lost, or its disk is not mounted.
Result<void> CheckNotLost(const std::filesystem::path& path,
                          const std::filesystem::path& log);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_PRESENCE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_VERITY_COLUMN_H_
#define TDXVFS_KEYSERVER_KEYS_VERITY_COLUMN_H_

#include <string>

#include "common/result.h"
#include "keyserver/keys/key_store.h"

namespace tdxvfs::keyserver {

// dm-verity parameters in one column, as in a line of dmsetup's table: hash,
// block sizes, data blocks, hash start block, root hash, salt ("-" when empty),
// with blanks between them.
std::string VerityColumn(const VerityDescription& verity);

// Reads what VerityColumn writes. Fails with kStoreInvalid.
Result<VerityDescription> ReadVerityColumn(const std::string& column);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_VERITY_COLUMN_H_

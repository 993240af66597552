// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_UPKEEP_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_UPKEEP_H_

#include "common/result.h"
#include "common/unique_fd.h"
#include "keyserver/keys/master_key.h"

namespace tdxvfs::keyserver {

// What an operator does to a whole store while it serves. Thread-safe.
class StoreUpkeep {
 public:
  virtual ~StoreUpkeep() = default;

  // Seals every record under another key: all of them or none. Afterwards the
  // store still opens with the earlier key too, through a record that holds the
  // new one sealed under it, until FinishRotation. A `next` that the store has
  // already changes nothing. Others wait meanwhile. Fails with kStoreKeyWrong
  // when `earlier` is not the store's key: whoever replaces it in a file would
  // leave the server with a file that does not open the store.
  virtual Result<void> RotateMasterKey(const MasterKey& earlier,
                                       MasterKey next) = 0;
  // From now on only the new key opens the store.
  virtual Result<void> FinishRotation() = 0;

  // A copy of the store as of now, in a file that has no name and is gone with
  // its descriptor. Others go on meanwhile.
  virtual Result<UniqueFd> Copy() = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_UPKEEP_H_

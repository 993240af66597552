// SPDX-License-Identifier: Apache-2.0
#include "keyserver/change_anchor.h"

#include <utility>

#include "keyserver/config_files.h"
#include "keyserver/keys/sqlite_key_store.h"

namespace tdxvfs::keyserver {

Result<void> ChangeAnchor(const Config& config) {
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor, LoadTrustAnchor(config));
  ASSIGN_OR_RETURN(MasterKey master_key, MasterKey::Load(config.master_key));
  return SqliteKeyStore::ChangeAnchor(config.store, std::move(master_key),
                                      anchor.key_digest())
      .Context("key store '" + config.store + "'");
}

}  // namespace tdxvfs::keyserver

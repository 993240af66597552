// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_GRANT_WIRE_H_
#define TDXVFS_KEYSERVER_GRANT_WIRE_H_

#include <string_view>

#include "common/result.h"
#include "common/secret.h"
#include "keyserver/keys/key_store.h"

namespace tdxvfs::keyserver {

// The serialised VolumeGrant, straight into a Secret; what the message held of
// the passphrase is wiped before this returns.
Result<Secret> SerializeGrant(const VersionRecord& version,
                              const Secret& passphrase);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_GRANT_WIRE_H_

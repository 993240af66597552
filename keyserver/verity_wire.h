// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_VERITY_WIRE_H_
#define TDXVFS_KEYSERVER_VERITY_WIRE_H_

#include "common/result.h"
#include "keyserver/keys/key_store.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::keyserver {

// Reads dm-verity parameters that an administrator registers, with the rules
// that a guest will judge them by: SHA-256, blocks of 4096 bytes, a hash tree
// behind the data, at most 256 bytes of salt. Fails with kUsage.
Result<VerityDescription> ReadVerity(const v1::Verity& message);

void WriteVerity(const VerityDescription& verity, v1::Verity* message);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_VERITY_WIRE_H_

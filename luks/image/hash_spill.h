// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_HASH_SPILL_H_
#define TDXVFS_LUKS_IMAGE_HASH_SPILL_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "common/unique_fd.h"
#include "luks/image/sector_cipher.h"

namespace tdxvfs::image {

// Keeps the hashes of an image's blocks until its length, and so the place of
// its hash tree, is known. Holds 1 MiB of them; what is more goes into a
// nameless file, 1/128 of the image, encrypted under a key that dies with this
// object: a hash tells which known model a block is of. Not thread-safe.
class HashSpill {
 public:
  // The file, made when it is first needed, lies in `folder`. Fails with
  // kInternal.
  static Result<HashSpill> Create(std::filesystem::path folder);

  // Fails with kNoSpace, kIoError, kPermission, kInternal.
  Result<void> Append(std::span<const Sha256Digest> hashes);

  // Gives all hashes in order, some at a time; call once, at the end.
  Result<void> Replay(
      const std::function<Result<void>(std::span<const Sha256Digest>)>& use);

 private:
  HashSpill(Secret key, SectorCipher encrypt)
      : key_(std::move(key)), encrypt_(std::move(encrypt)) {}
  Result<void> Flush();

  std::filesystem::path folder_;
  Secret key_;
  SectorCipher encrypt_;
  UniqueFd file_;
  std::uint64_t written_ = 0;  // bytes
  std::vector<Sha256Digest> hashes_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_HASH_SPILL_H_

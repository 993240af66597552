// SPDX-License-Identifier: Apache-2.0
#include "luks/verity_parameters.h"

#include <string>
#include <string_view>

namespace tdxvfs::luks {
namespace {

constexpr std::uint64_t kMaxHashStart = std::uint64_t{1} << 48U;  // hash blocks
constexpr std::size_t kMaxSalt = 256;  // bytes, the kernel's own limit

Error Invalid(std::string_view what) {
  return {Reason::kGrantInvalid, "dm-verity: " + std::string(what)};
}

}  // namespace

std::uint64_t EndOfHashTree(const VerityParameters& verity) {
  const std::uint64_t hashes = verity.hash_block_size / sizeof(Sha256Digest);
  std::uint64_t blocks = 0;
  for (std::uint64_t level = verity.data_blocks; level > 1;) {
    level = level / hashes + (level % hashes == 0 ? 0 : 1);
    blocks += level;
  }
  return (verity.hash_start_block + blocks) * verity.hash_block_size;
}

Result<void> CheckVerityParameters(const VerityParameters& verity) {
  if (verity.hash != "sha256") {
    return Invalid("the hash is not sha256");
  }
  if (verity.data_block_size != kVerityBlockSize ||
      verity.hash_block_size != kVerityBlockSize) {
    return Invalid("the block sizes are not 4096 bytes");
  }
  if (verity.data_blocks == 0 || verity.hash_start_block < verity.data_blocks ||
      verity.hash_start_block > kMaxHashStart) {
    return Invalid("the hash tree does not lie behind the data");
  }
  if (verity.salt.size() > kMaxSalt) {
    return Invalid("the salt has more than 256 bytes");
  }
  return {};
}

}  // namespace tdxvfs::luks

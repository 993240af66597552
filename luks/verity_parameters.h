// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_VERITY_PARAMETERS_H_
#define TDXVFS_LUKS_VERITY_PARAMETERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::luks {

inline constexpr std::uint32_t kVerityBlockSize = 4096;  // bytes, data and hash

// Everything that opening a dm-verity device takes (kernel,
// admin-guide/device-mapper/verity, "Construction Parameters"; format 1, no
// superblock). Data and hash tree lie on the same device, the LUKS mapping.
// Comes from the grant only: an image is never asked about itself.
struct VerityParameters {
  std::string hash = "sha256";
  std::uint32_t data_block_size = 4096;  // bytes
  std::uint32_t hash_block_size = 4096;  // bytes
  std::uint64_t data_blocks = 0;
  // Where the tree begins, in hash blocks from the start of the mapping.
  std::uint64_t hash_start_block = 0;
  std::vector<std::uint8_t> salt{};  // at most 256 bytes
  Sha256Digest root_hash{};

  bool operator==(const VerityParameters&) const = default;
};

// Where the hash tree ends, in bytes from the start of the mapping; of
// parameters that CheckVerityParameters has passed.
std::uint64_t EndOfHashTree(const VerityParameters& verity);

// Whether the kernel and this project can open such a device: SHA-256, blocks
// of 4096 bytes, at least one of data, the tree behind them, a salt of at most
// 256 bytes, and sizes that a disk can have. Fails with kGrantInvalid.
Result<void> CheckVerityParameters(const VerityParameters& verity);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_VERITY_PARAMETERS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_VERITY_TABLE_H_
#define TDXVFS_LUKS_VERITY_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/device_mapper.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::luks {

// A live dm-verity target, taken apart.
struct VerityTable {
  std::uint64_t length = 0;  // sectors of 512 bytes
  dev_t data_device = 0;
  dev_t hash_device = 0;
  VerityParameters parameters;
  // Options would change what happens on a block that does not verify.
  std::vector<std::string> options;
};

// Reads a table of exactly one verity target of format 1 (kernel,
// admin-guide/device-mapper/verity, "Construction Parameters"). Fails with
// kMappingFailed.
Result<VerityTable> ParseVerityTable(const std::vector<TableLine>& table);

// Whether the live table is one of ours on `below`: data and tree on that one
// device, no options, as long as its data. Fails with kMappingFailed, naming
// the difference.
Result<void> CheckVerityTable(const VerityTable& table, dev_t below);

// The same, and every parameter as granted.
Result<void> CheckVerityTable(const VerityTable& table, dev_t below,
                              const VerityParameters& granted);

// Whether a device-mapper UUID is the one that libcryptsetup gives a verity
// device of this name without a superblock: "CRYPT-VERITY-MAPPING".
bool IsVerityUuid(std::string_view dm_uuid, std::string_view mapping);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_VERITY_TABLE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_CRYPT_TABLE_H_
#define TDXVFS_LUKS_CRYPT_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/device_mapper.h"

namespace tdxvfs::luks {

// A live dm-crypt target, taken apart.
struct CryptTable {
  std::uint64_t length = 0;  // sectors of 512 bytes
  std::string cipher;
  std::string key;  // ":64:logon:cryptsetup:UUID-d0", never the key itself
  std::uint64_t iv_offset = 0;  // sectors of 512 bytes
  dev_t device = 0;
  std::uint64_t offset = 0;  // sectors of 512 bytes
  std::vector<std::string> options;
};

// What the table of a volume of ours must say; absent members: any.
struct ExpectedCryptTable {
  std::string uuid;                          // LUKS UUID, inside the key's name
  std::uint64_t offset = 0;                  // sectors of 512 bytes
  std::optional<dev_t> device;               // the loop or block device
  std::optional<std::uint64_t> length;       // sectors of 512 bytes
  std::optional<std::uint64_t> sector_size;  // bytes
};

// Reads a table of exactly one crypt target (kernel documentation,
// device-mapper/dm-crypt). Fails with kMappingFailed.
Result<CryptTable> ParseCryptTable(const std::vector<TableLine>& table);

// Compares the live table with what was asked for: whatever the header said,
// this is what decrypts. Fails with kMappingFailed, naming the difference.
Result<void> CheckCryptTable(const CryptTable& table,
                             const ExpectedCryptTable& expected);

// The LUKS UUID, with its dashes, out of a device-mapper UUID
// "CRYPT-LUKS2-<32 hex>-MAPPING"; nothing when it is another's.
std::optional<std::string> LuksUuidOf(std::string_view dm_uuid,
                                      std::string_view mapping);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_CRYPT_TABLE_H_

// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/hex.h"
#include "luks/crypt_table.h"
#include "luks/mount_table.h"
#include "luks/super_block.h"
#include "luks/verity_table.h"

// The start of a mapping is the host's to write; tables and mount points carry
// names that others choose.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string text(tdxvfs::AsText({data, size}));
  for (const char* type : {"erofs", "ext4", "squashfs"}) {
    (void)tdxvfs::luks::FileSystemSize(type, {data, size});
  }
  (void)tdxvfs::luks::ParseMountInfo(text);
  (void)tdxvfs::luks::LuksUuidOf(text, "tdxvfs-crypt-demo");
  const auto table = tdxvfs::luks::ParseCryptTable({{0, 8, "crypt", text}});
  if (table.has_value()) {
    (void)tdxvfs::luks::CheckCryptTable(*table, {}).has_value();
  }
  const auto verity = tdxvfs::luks::ParseVerityTable({{0, 8, "verity", text}});
  if (verity.has_value()) {
    (void)tdxvfs::luks::CheckVerityTable(*verity, 0).has_value();
  }
  return 0;
}

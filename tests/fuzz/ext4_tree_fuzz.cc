// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "luks/image/ext4_content.h"
#include "luks/image/ext4_tree.h"
#include "tests/fuzz/memory_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using tdxvfs::Result;
  tdxvfs::testing::MemoryBytes source({data, size});
  const auto file_system = tdxvfs::image::Ext4FileSystem::Open(&source);
  if (!file_system.has_value()) {
    return 0;
  }
  const auto found = tdxvfs::image::ScanExt4(*file_system, std::nullopt);
  if (!found.has_value()) {
    return 0;
  }
  for (std::size_t node = 0; node < found->tree.nodes.size(); ++node) {
    const auto& file = found->tree.nodes[node];
    if (S_ISREG(file.mode)) {
      (void)tdxvfs::image::ReadExt4Content(
          *file_system, found->inodes[node], file.size,
          [](std::uint64_t, auto) { return Result<void>(); })
          .has_value();
    }
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_directory.h"

#include <vector>

#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kFixedPart = 12;  // bytes: inode, name's place, type

std::vector<std::uint8_t> EncodeBlock(std::span<const ErofsEntry> entries) {
  std::vector<std::uint8_t> block(entries.size() * kFixedPart, 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t name_at = block.size();
    const std::size_t at = i * kFixedPart;
    PutNumber(block, at, 8, entries[i].inode);
    PutNumber(block, at + 8, 2, name_at);
    PutNumber(block, at + 10, 1, entries[i].type);
    block.insert(block.end(), entries[i].name.begin(), entries[i].name.end());
  }
  return block;
}

}  // namespace

Result<void> EncodeErofsDirectory(std::size_t count,
                                  const ErofsEntryAt& entry_at,
                                  const ErofsPieceSink& sink) {
  std::vector<ErofsEntry> entries;  // of the block at hand
  std::size_t used = 0;
  for (std::size_t position = 0; position < count; ++position) {
    const ErofsEntry entry = entry_at(position);
    const std::size_t needed = kFixedPart + entry.name.size();
    if (used + needed > kErofsBlock) {
      // Full: names in it end where zeroes begin.
      std::vector<std::uint8_t> block = EncodeBlock(entries);
      block.resize(kErofsBlock);
      RETURN_IF_ERROR(sink(block));
      entries.clear();
      used = 0;
    }
    entries.push_back(entry);
    used += needed;
  }
  return entries.empty() ? Result<void>() : sink(EncodeBlock(entries));
}

}  // namespace tdxvfs::image

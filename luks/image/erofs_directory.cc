// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_directory.h"

#include <cstddef>

#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kFixedPart = 12;  // bytes: inode, name's place, type

// How many of the entries fit into one block.
std::size_t CountForBlock(std::span<const ErofsEntry> entries) {
  std::size_t used = 0;
  std::size_t count = 0;
  while (count < entries.size() &&
         used + kFixedPart + entries[count].name.size() <= kErofsBlock) {
    used += kFixedPart + entries[count].name.size();
    ++count;
  }
  return count;
}

void AppendBlock(std::span<const ErofsEntry> entries,
                 std::vector<std::uint8_t>* content) {
  const std::size_t start = content->size();
  content->resize(start + entries.size() * kFixedPart, 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t name_at = content->size() - start;
    const std::size_t at = start + i * kFixedPart;
    PutNumber(*content, at, 8, entries[i].inode);
    PutNumber(*content, at + 8, 2, name_at);
    PutNumber(*content, at + 10, 1, entries[i].type);
    content->insert(content->end(), entries[i].name.begin(),
                    entries[i].name.end());
  }
}

}  // namespace

std::vector<std::uint8_t> EncodeErofsDirectory(
    std::span<const ErofsEntry> entries) {
  std::size_t size = kErofsBlock;
  for (const ErofsEntry& entry : entries) {
    size += kFixedPart + entry.name.size();
  }
  std::vector<std::uint8_t> content;
  // What the ends of blocks leave unused is less than an entry each, 1/14.
  content.reserve(size + size / 14);
  while (!entries.empty()) {
    // The block before is full: names in it end where zeroes begin.
    content.resize((content.size() + kErofsBlock - 1) / kErofsBlock *
                   kErofsBlock);
    const std::size_t count = CountForBlock(entries);
    AppendBlock(entries.first(count), &content);
    entries = entries.subspan(count);
  }
  return content;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_image.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "common/unique_fd.h"
#include "luks/image/make_ext4.h"
#include "luks/image/pending_file.h"
#include "luks/image/source_date.h"
#include "luks/image/source_tree.h"
#include "luks/image/tidy_ext4.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kInodeSize = 256;      // bytes
constexpr std::uint64_t kReservedInodes = 16;  // and lost+found
constexpr std::uint64_t kGroupBlocks = 32768;  // of one bitmap
constexpr std::uint64_t kEntrySize = 8 + 255;  // bytes, the longest name
constexpr std::uint64_t kSpareBlocks = 1024;   // 4 MiB
constexpr std::size_t kImageReadSize = std::size_t{1024} * 1024;  // bytes

std::uint64_t BlocksFor(std::uint64_t bytes) {
  return (bytes + kImageBlockSize - 1) / kImageBlockSize;
}

// Enough for what is in the tree; what is too much is zeroes in the image.
std::uint64_t BlocksOf(const SourceTree& tree) {
  std::uint64_t blocks = kSpareBlocks;
  for (const SourceNode& node : tree.nodes) {
    // One block of attributes, and of extents for a large file.
    blocks += BlocksFor(node.size) + BlocksFor(node.size) / kGroupBlocks + 1;
    blocks += BlocksFor(node.entries.size() * kEntrySize);
  }
  blocks += BlocksFor((tree.nodes.size() + kReservedInodes) * kInodeSize);
  // Bitmaps, descriptors and copies of the superblock in each group.
  return blocks + (blocks / kGroupBlocks + 1) * 64;
}

Result<void> CopyToSink(int file, std::uint64_t size, ImageSink* sink,
                        const CopyProgress& progress) {
  std::vector<std::uint8_t> buffer(kImageReadSize);
  for (std::uint64_t at = kImageBlockSize; at < size;) {
    const std::span<std::uint8_t> piece(
        buffer.data(), std::min<std::uint64_t>(buffer.size(), size - at));
    RETURN_IF_ERROR(ReadAll(file, at, piece));
    RETURN_IF_ERROR(sink->Append(piece));
    at += piece.size();
    if (progress) {
      progress(at, size);
    }
  }
  const std::span<std::uint8_t> first(buffer.data(), kImageBlockSize);
  RETURN_IF_ERROR(ReadAll(file, 0, first));
  return sink->PutFirstBlock(first);
}

bool IsSame(const SourceNode& one, const SourceNode& other) {
  return one.mode == other.mode && one.user == other.user &&
         one.group == other.group && one.links == other.links &&
         one.size == other.size && one.modified == other.modified &&
         one.modified_rest == other.modified_rest && one.stamp == other.stamp &&
         std::ranges::equal(one.entries, other.entries, {}, &SourceEntry::name,
                            &SourceEntry::name);
}

// mke2fs reads the folder by itself, after it was scanned.
Result<void> CheckTreeUnchanged(const std::filesystem::path& source,
                                const SourceTree& before) {
  ASSIGN_OR_RETURN(const SourceTree now, ScanSource(source));
  if (!std::ranges::equal(before.nodes, now.nodes, IsSame)) {
    return Error(Reason::kFileUnreadable, "source '" + source.string() +
                                              "' changed while it was packed");
  }
  return {};
}

}  // namespace

Result<void> WriteExt4(const std::filesystem::path& source,
                       const std::filesystem::path& scratch, ImageSink* sink,
                       const CopyProgress& progress) {
  ASSIGN_OR_RETURN(const auto epoch, SourceDateEpoch());
  // Refuses what no volume holds, such as devices, and tells the size.
  ASSIGN_OR_RETURN(const SourceTree tree, ScanSource(source));
  const std::uint64_t size = BlocksOf(tree) * kImageBlockSize;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenScratchFile(scratch));
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return SystemError(ReasonOfWrite(errno), "file for the ext4 image", errno);
  }
  RETURN_IF_ERROR(
      MakeExt4(file.get(), source, tree.nodes.size() + kReservedInodes));
  RETURN_IF_ERROR(CheckTreeUnchanged(source, tree));
  RETURN_IF_ERROR(TidyExt4(file.get(), tree.nodes.front(), epoch));
  return CopyToSink(file.get(), size, sink, progress);
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_file_system.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <ext2fs/ext2fs.h>

#include "common/hex.h"
#include "luks/foreign_kind.h"
#include "luks/image/ext4_channel.h"
#include "luks/super_block.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kGroupBlocksAt = 1024 + 32;  // u32, little-endian
// The descriptors of more would take 256 MiB of memory; 32 TiB in groups of
// mke2fs's smallest making have as many.
constexpr std::uint64_t kMaxGroups = std::uint64_t{1} << 22U;
constexpr std::uint64_t kMinBlockSize = 1024;  // bytes

// What people have instead, so that the error can say what they need.
struct Other {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
  std::string_view next;  // what its owner can do
};
// A boot sector's own mark is the last, for FAT has it as well.
constexpr std::array<Other, 14> kOthers{
    {{0, "XFSB", "xfs", luks::kMountAndPack},
     {65600, "_BHRfS_M", "btrfs", luks::kMountAndPack},
     {0, "hsqs", "squashfs", luks::kMountAndPack},
     {1024, "\xe2\xe1\xf5\xe0", "erofs", luks::kMountAndPack},
     {1024, "\x10\x20\xf5\xf2", "f2fs", luks::kMountAndPack},
     {54, "FAT", "vfat", luks::kMountAndPack},
     {82, "FAT32", "vfat", luks::kMountAndPack},
     {3, "NTFS    ", "ntfs", luks::kMountAndPack},
     {3, "EXFAT   ", "exfat", luks::kMountAndPack},
     {536, "LVM2 001", "an LVM physical volume",
      "activate it ('vgchange -ay'), mount the logical volume and pack its "
      "files with 'tdxvfs volume pack'"},
     {0, "LUKS\xba\xbe", "LUKS again",
      "open it with cryptsetup and import what is inside"},
     {4086, "SWAPSPACE2", "swap space", "there are no files to import"},
     {512, "EFI PART", "a partition table",
      "mount the partition inside ('kpartx -a' finds it) and pack its files "
      "with 'tdxvfs volume pack'"},
     {510, "\x55\xaa", "a partition table",
      "mount the partition inside ('kpartx -a' finds it) and pack its files "
      "with 'tdxvfs volume pack'"}}};

// As a volume is that was made and never filled, for what a disk holds at
// first decrypts to noise.
constexpr std::string_view kNothingKnown =
    "the volume holds no file system that is known: either none was ever made "
    "in it, or ";

std::string DescribeOther(ByteSource* source) {
  for (const Other& other : kOthers) {
    std::array<std::uint8_t, 10> found{};
    const auto bytes = std::span(found).first(other.bytes.size());
    if (source->Read(other.at, bytes).has_value() &&
        AsText(bytes) == other.bytes) {
      return "the volume holds " + std::string(other.name) +
             ", not ext4: " + std::string(other.next);
    }
  }
  return std::string(kNothingKnown) + std::string(luks::kMountAndPack);
}

// The library sizes its tables by what the superblock says: bounded first.
Result<void> CheckSuperBlock(ByteSource* source) {
  std::array<std::uint8_t, luks::kSuperBlockArea> start{};
  if (source->size() < start.size()) {
    return Error(Reason::kImageTruncated, "the volume has only " +
                                              std::to_string(source->size()) +
                                              " bytes behind its header");
  }
  RETURN_IF_ERROR(source->Read(0, start));
  const auto size = luks::FileSystemSize("ext4", start);
  if (!size.has_value()) {
    return Error(Reason::kNotSupported, DescribeOther(source));
  }
  if (*size > source->size()) {
    return Error(Reason::kImageTruncated, "the file system has " +
                                              std::to_string(*size) +
                                              " bytes, the volume only " +
                                              std::to_string(source->size()));
  }
  std::uint64_t group = 0;  // blocks
  for (std::size_t i = 4; i > 0; --i) {
    group = group << 8U | start[kGroupBlocksAt + i - 1];
  }
  if (group == 0 || *size / kMinBlockSize / group > kMaxGroups) {
    return Error(Reason::kNotSupported, "the file system has block groups of " +
                                            std::to_string(group) + " blocks");
  }
  return {};
}

// What only the journal or e2fsck could put right is not taken as it lies
// there: either would have to write.
Result<void> CheckIsClean(struct_ext2_filsys* file_system) {
  const ext2_super_block& super = *file_system->super;
  if (ext2fs_has_feature_journal_needs_recovery(file_system->super) != 0 ||
      (super.s_state & EXT2_VALID_FS) == 0) {
    return Error(Reason::kFileInvalid,
                 "the file system was not unmounted cleanly: where it can be "
                 "written, mount and unmount it once");
  }
  if ((super.s_state & EXT2_ERROR_FS) != 0) {
    return Error(Reason::kFileInvalid,
                 "the file system is marked as having errors: where it can be "
                 "written, run e2fsck");
  }
  return {};
}

}  // namespace

void Ext4FileSystem::Free::operator()(struct_ext2_filsys* file_system) const {
  ext2fs_free(file_system);
}

std::uint64_t Ext4FileSystem::size() const {
  return ext2fs_blocks_count(file_system_->super) *
         std::uint64_t{file_system_->blocksize};
}

Error Ext4FileSystem::Failure(const std::string& what, long code) const {
  if (channel_->failure.has_value()) {
    Error failure = *channel_->failure;
    failure.AddContext(what);
    return failure;
  }
  return {Reason::kFileInvalid, what + ": " + Ext4Words(code)};
}

Result<Ext4FileSystem> Ext4FileSystem::Open(ByteSource* source) {
  RETURN_IF_ERROR(CheckSuperBlock(source));
  Ext4FileSystem result;
  result.channel_ = std::make_unique<Ext4Channel>();
  result.channel_->source = source;
  struct_ext2_filsys* opened = nullptr;
  const errcode_t code = OpenThrough(result.channel_.get(), &opened);
  if (code == EXT2_ET_UNSUPP_FEATURE || code == EXT2_ET_RO_UNSUPP_FEATURE) {
    return Error(Reason::kNotSupported, "the file system: " + Ext4Words(code));
  }
  if (code != 0) {
    return result.Failure("the file system", code);
  }
  result.file_system_.reset(opened);
  RETURN_IF_ERROR(CheckIsClean(opened));
  return result;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_file_system.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <ext2fs/ext2fs.h>

#include "common/hex.h"
#include "luks/image/ext4_channel.h"
#include "luks/super_block.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kGroupBlocksAt = 1024 + 32;  // u32, little-endian
// The descriptors of more would take 256 MiB of memory; 32 TiB in groups of
// mke2fs's smallest making have as many.
constexpr std::uint64_t kMaxGroups = std::uint64_t{1} << 22U;
constexpr std::uint64_t kMinBlockSize = 1024;  // bytes

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
};
constexpr std::array<Magic, 6> kOthers{{{0, "XFSB", "xfs"},
                                        {65600, "_BHRfS_M", "btrfs"},
                                        {0, "hsqs", "squashfs"},
                                        {1024, "\xe2\xe1\xf5\xe0", "erofs"},
                                        {536, "LVM2 001", "an LVM volume"},
                                        {0, "LUKS\xba\xbe", "LUKS again"}}};

// What people have instead, so that the error can say what they need.
std::string NameOther(ByteSource* source) {
  for (const Magic& other : kOthers) {
    std::array<std::uint8_t, 8> found{};
    const auto bytes = std::span(found).first(other.bytes.size());
    if (source->Read(other.at, bytes).has_value() &&
        AsText(bytes) == other.bytes) {
      return "the volume holds " + std::string(other.name) + ", not ext4";
    }
  }
  return "the volume holds no ext4";
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
    return Error(Reason::kNotSupported,
                 NameOther(source) +
                     ": mount it and pack its files with 'tdxvfs volume pack'");
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

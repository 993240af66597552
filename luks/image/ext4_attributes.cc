// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_attributes.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ext2fs/ext2fs.h>

#include "common/hex.h"
#include "luks/image/posix_acl.h"
#include "luks/image/source_attributes.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kAclHeader = 4;  // bytes, the version
constexpr std::uint32_t kAclVersion = 1;
constexpr std::size_t kAclShort = 4;  // bytes: tag and permissions, or an id

struct KeptAttributes {
  Ext4Room* room;
  SourceAttributes kept{};
  std::optional<Error> refused{};
};

int TakeAttribute(char* name, char* value, std::size_t size, void* context) {
  KeptAttributes& attributes = *static_cast<KeptAttributes*>(context);
  // Those that are not kept cost time, too.
  if (auto taken =
          attributes.room->TakeAttribute(std::string_view(name).size() + size);
      !taken.has_value()) {
    attributes.refused = std::move(taken).error();
    return XATTR_ABORT;
  }
  if (!IsKeptAttribute(name)) {
    return 0;
  }
  if (size > kMaxAttribute) {
    attributes.refused =
        Error(Reason::kFileInvalid, "an extended attribute above 64 KiB");
    return XATTR_ABORT;
  }
  attributes.kept[name] = std::string(value, size);
  return 0;
}

std::uint32_t LittleEndian(std::span<const std::uint8_t> little_endian) {
  std::uint32_t number = 0;
  for (std::size_t i = little_endian.size(); i > 0; --i) {
    number = number << 8U | little_endian[i - 1];
  }
  return number;
}

// Access control lists as they lie on the disk (ext4_acl_header and
// ext4_acl_entry of fs/ext4/acl.h) into the kernel's form. The library has the
// same, but runs past the end of one that is cut off.
std::optional<std::string> DecodeAcl(const std::string& disk) {
  const std::span<const std::uint8_t> bytes = AsBytes(disk);
  if (bytes.size() < kAclHeader ||
      LittleEndian(bytes.first(kAclHeader)) != kAclVersion) {
    return std::nullopt;
  }
  std::vector<AclEntry> entries;
  for (std::size_t at = kAclHeader; at < bytes.size(); at += kAclShort) {
    if (bytes.size() - at < kAclShort) {
      return std::nullopt;
    }
    AclEntry entry;
    entry.tag = static_cast<std::uint16_t>(LittleEndian(bytes.subspan(at, 2)));
    entry.permissions =
        static_cast<std::uint16_t>(LittleEndian(bytes.subspan(at + 2, 2)) & 7U);
    if (entry.tag == AclEntry::kUser || entry.tag == AclEntry::kGroup) {
      at += kAclShort;
      if (bytes.size() - at < kAclShort) {
        return std::nullopt;
      }
      entry.id = LittleEndian(bytes.subspan(at, kAclShort));
    } else if (entry.tag != AclEntry::kUserObject &&
               entry.tag != AclEntry::kGroupObject &&
               entry.tag != AclEntry::kMask && entry.tag != AclEntry::kOther) {
      return std::nullopt;
    }
    entries.push_back(entry);
  }
  return EncodePosixAcl(std::move(entries));
}

}  // namespace

Result<SourceAttributes> ReadExt4Attributes(const Ext4FileSystem& file_system,
                                            std::uint32_t number,
                                            Ext4Room* room) {
  KeptAttributes attributes{.room = room};
  ext2_xattr_handle* handle = nullptr;
  errcode_t code = ext2fs_xattrs_open(file_system.get(), number, &handle);
  if (code == 0) {
    code = ext2fs_xattrs_read(handle);
    if (code == 0) {
      code = ext2fs_xattrs_iterate(handle, TakeAttribute, &attributes);
    }
    (void)ext2fs_xattrs_close(&handle);
  }
  if (code == EXT2_ET_MISSING_EA_FEATURE) {
    return SourceAttributes();  // an old ext2: it can have none
  }
  if (code != 0) {
    return file_system.Failure("its extended attributes", code);
  }
  if (attributes.refused.has_value()) {
    return *std::move(attributes.refused);
  }
  for (auto& [name, value] : attributes.kept) {
    if (name.starts_with("user.")) {
      continue;
    }
    auto list = DecodeAcl(value);
    if (!list.has_value()) {
      return Error(Reason::kFileInvalid, "a damaged access control list");
    }
    value = *std::move(list);
  }
  return std::move(attributes.kept);
}

}  // namespace tdxvfs::image

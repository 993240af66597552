// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tar_member.h"

#include <archive.h>
#include <archive_entry.h>
#include <grp.h>
#include <linux/limits.h>
#include <pwd.h>
#include <sys/stat.h>

#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "luks/image/posix_acl.h"
#include "luks/image/source_attributes.h"

namespace tdxvfs::image {
namespace {

Error MemberRefused(const std::string& name, std::string_view why) {
  return {Reason::kFileInvalid,
          "tar member '" + name + "' " + std::string(why)};
}

Result<void> CheckMemberKind(const TarMember& member) {
  const mode_t mode = member.node.mode;
  if (S_ISBLK(mode) || S_ISCHR(mode)) {
    return MemberRefused(member.name, "is a device, which no volume holds");
  }
  if (S_ISSOCK(mode)) {
    return MemberRefused(member.name, "is a socket, which no volume holds");
  }
  if (member.hard_link.empty() && !S_ISREG(mode) && !S_ISDIR(mode) &&
      !S_ISLNK(mode) && !S_ISFIFO(mode)) {
    return MemberRefused(member.name, "is of no known kind");
  }
  return {};
}

std::uint16_t AclTag(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return AclEntry::kUserObject;
    case ARCHIVE_ENTRY_ACL_USER:
      return AclEntry::kUser;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return AclEntry::kGroupObject;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return AclEntry::kGroup;
    case ARCHIVE_ENTRY_ACL_MASK:
      return AclEntry::kMask;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return AclEntry::kOther;
    default:
      return 0;
  }
}

// The number of a name that the stream gives without one: GNU tar writes
// access control lists so, whatever --numeric-owner says.
std::optional<std::uint32_t> IdOfName(std::uint16_t tag, const char* name) {
  std::vector<char> buffer(16384);
  if (name == nullptr || *name == '\0') {
    return std::nullopt;
  }
  if (tag == AclEntry::kUser) {
    passwd entry{};
    passwd* found = nullptr;
    (void)::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::nullopt : std::optional(entry.pw_uid);
  }
  group entry{};
  group* found = nullptr;
  (void)::getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::nullopt : std::optional(entry.gr_gid);
}

// Names the user or group of an entry that has one.
Result<void> NameEntry(int id, const char* qualifier, const std::string& member,
                       AclEntry* entry) {
  if (entry->tag != AclEntry::kUser && entry->tag != AclEntry::kGroup) {
    return {};
  }
  const auto number = id >= 0 ? std::optional(static_cast<std::uint32_t>(id))
                              : IdOfName(entry->tag, qualifier);
  if (!number.has_value()) {
    return MemberRefused(
        member, "has an access control list with '" +
                    std::string(qualifier == nullptr ? "" : qualifier) +
                    "', whom this machine does not know");
  }
  entry->id = *number;
  return {};
}

Result<std::vector<AclEntry>> ReadAcl(archive_entry* entry, int type,
                                      const std::string& name) {
  std::vector<AclEntry> entries;
  if (::archive_entry_acl_reset(entry, type) == 0) {
    return entries;
  }
  int found_type = 0;
  int permissions = 0;
  int tag = 0;
  int id = -1;
  const char* qualifier = nullptr;
  while (::archive_entry_acl_next(entry, type, &found_type, &permissions, &tag,
                                  &id, &qualifier) == ARCHIVE_OK) {
    AclEntry one;
    one.tag = AclTag(tag);
    one.permissions = static_cast<std::uint16_t>(permissions & 7);
    if (one.tag == 0) {
      return MemberRefused(name,
                           "has an access control list of an unknown kind");
    }
    RETURN_IF_ERROR(NameEntry(id, qualifier, name, &one));
    entries.push_back(one);
  }
  if (!IsCompleteAcl(entries)) {
    return MemberRefused(name,
                         "has an access control list without all of its "
                         "entries (user, group, mask, others)");
  }
  return entries;
}

// The library splits a list into the mode and the rest; the kernel's mode has
// the mask in place of the group's own permissions.
Result<void> TakeAcls(archive_entry* entry, TarMember* member) {
  ASSIGN_OR_RETURN(const auto access,
                   ReadAcl(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, member->name));
  for (const AclEntry& one : access) {
    if (one.tag == AclEntry::kMask) {
      member->node.mode = (member->node.mode & ~mode_t{S_IRWXG}) |
                          static_cast<mode_t>(one.permissions << 3U);
    }
  }
  if (!access.empty()) {
    member->attributes["system.posix_acl_access"] = EncodePosixAcl(access);
  }
  ASSIGN_OR_RETURN(
      const auto initial,
      ReadAcl(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, member->name));
  if (!initial.empty() && !S_ISDIR(member->node.mode)) {
    return MemberRefused(member->name,
                         "has a default access control list, but is no folder");
  }
  if (!initial.empty()) {
    member->attributes["system.posix_acl_default"] = EncodePosixAcl(initial);
  }
  return {};
}

// No kernel takes longer ones: what is packed with them could not be extracted.
Result<void> TakeAttributes(archive_entry* entry, TarMember* member) {
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  (void)::archive_entry_xattr_reset(entry);
  while (::archive_entry_xattr_next(entry, &name, &value, &size) ==
         ARCHIVE_OK) {
    if (name == nullptr || !IsKeptAttribute(name)) {
      continue;
    }
    if (size > kMaxAttribute ||
        std::string_view(name).size() > XATTR_NAME_MAX) {
      return MemberRefused(member->name,
                           "has an extended attribute with a value of more "
                           "than 64 KiB or a name of more than 255 bytes");
    }
    member->attributes[name] =
        std::string(static_cast<const char*>(value), size);
  }
  return {};
}

// Of a file without holes there is no list.
std::optional<std::uint64_t> ListedContent(archive_entry* entry) {
  if (::archive_entry_sparse_reset(entry) == 0) {
    return std::nullopt;
  }
  std::uint64_t listed = 0;
  la_int64_t offset = 0;
  la_int64_t length = 0;
  while (::archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
    listed += static_cast<std::uint64_t>(length);
  }
  return listed;
}

Result<std::uint32_t> Owner(la_int64_t id, const std::string& name) {
  // The last number means "nobody named" to the kernel.
  if (id < 0 || id >= std::numeric_limits<std::uint32_t>::max()) {
    return MemberRefused(name, "has an owner that is no number of 32 bits");
  }
  return static_cast<std::uint32_t>(id);
}

std::string Text(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

Result<TarMember> DescribeTarMember(archive_entry* entry) {
  TarMember member;
  member.name = Text(::archive_entry_pathname(entry));
  member.hard_link = Text(::archive_entry_hardlink(entry));
  SourceNode& node = member.node;
  node.mode = ::archive_entry_mode(entry);
  RETURN_IF_ERROR(CheckMemberKind(member));
  ASSIGN_OR_RETURN(node.user, Owner(::archive_entry_uid(entry), member.name));
  ASSIGN_OR_RETURN(node.group, Owner(::archive_entry_gid(entry), member.name));
  node.modified = ::archive_entry_mtime(entry);
  node.modified_rest =
      static_cast<std::uint32_t>(::archive_entry_mtime_nsec(entry));
  const la_int64_t size = ::archive_entry_size(entry);
  if (size < 0) {
    return MemberRefused(member.name, "has a negative size");
  }
  if (S_ISREG(node.mode) || !member.hard_link.empty()) {
    node.size = static_cast<std::uint64_t>(size);
  }
  if (S_ISLNK(node.mode) && member.hard_link.empty()) {
    member.link_target = Text(::archive_entry_symlink(entry));
    node.size = member.link_target.size();
    // Both ends are the kernel's: an empty link cannot be made or followed.
    if (node.size == 0 || node.size >= 4096) {
      return MemberRefused(member.name,
                           "is a link of no or 4096 bytes or more");
    }
  }
  member.listed_content = ListedContent(entry);
  RETURN_IF_ERROR(TakeAttributes(entry, &member));
  RETURN_IF_ERROR(TakeAcls(entry, &member));
  return member;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_POSIX_ACL_H_
#define TDXVFS_LUKS_IMAGE_POSIX_ACL_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tdxvfs::image {

// One entry of a POSIX access control list, in the kernel's numbers
// (include/uapi/linux/posix_acl.h).
struct AclEntry {
  enum Tag : std::uint16_t {
    kUserObject = 0x01,
    kUser = 0x02,
    kGroupObject = 0x04,
    kGroup = 0x08,
    kMask = 0x10,
    kOther = 0x20,
  };
  std::uint16_t tag = 0;
  std::uint16_t permissions = 0;  // of 4, 2, 1
  std::uint32_t id = 0xffffffff;  // of kUser and kGroup; else undefined

  auto operator<=>(const AclEntry&) const = default;
};

// Whether the kernel would take this list: user, group and others once each,
// and a mask beside entries that name somebody.
[[nodiscard]] bool IsCompleteAcl(const std::vector<AclEntry>& entries);

// The value of `system.posix_acl_access` or `_default` as the kernel gives it
// out (include/uapi/linux/posix_acl_xattr.h): version 2, entries by tag and id.
std::string EncodePosixAcl(std::vector<AclEntry> entries);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_POSIX_ACL_H_

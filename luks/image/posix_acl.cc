// SPDX-License-Identifier: Apache-2.0
#include "luks/image/posix_acl.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace tdxvfs::image {
namespace {

constexpr std::uint32_t kXattrAclVersion = 2;

void PutLittleEndian(std::uint32_t number, std::size_t size,
                     std::string* text) {
  for (std::size_t i = 0; i < size; ++i) {
    *text += static_cast<char>(number >> (8U * i));
  }
}

}  // namespace

std::string EncodePosixAcl(std::vector<AclEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const AclEntry& left, const AclEntry& right) {
              return std::tie(left.tag, left.id) <
                     std::tie(right.tag, right.id);
            });
  std::string text;
  PutLittleEndian(kXattrAclVersion, 4, &text);
  for (const AclEntry& entry : entries) {
    PutLittleEndian(entry.tag, 2, &text);
    PutLittleEndian(entry.permissions, 2, &text);
    PutLittleEndian(entry.id, 4, &text);
  }
  return text;
}

}  // namespace tdxvfs::image

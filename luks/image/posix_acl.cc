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

bool IsCompleteAcl(const std::vector<AclEntry>& entries) {
  const auto count = [&entries](std::uint16_t tag) {
    return std::count_if(entries.begin(), entries.end(),
                         [tag](const AclEntry& one) { return one.tag == tag; });
  };
  const auto named = count(AclEntry::kUser) + count(AclEntry::kGroup);
  const auto masks = count(AclEntry::kMask);
  return count(AclEntry::kUserObject) == 1 &&
         count(AclEntry::kGroupObject) == 1 && count(AclEntry::kOther) == 1 &&
         masks <= 1 && (masks == 1 || named == 0);
}

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

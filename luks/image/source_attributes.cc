// SPDX-License-Identifier: Apache-2.0
#include "luks/image/source_attributes.h"

#include <errno.h>
#include <sys/xattr.h>

#include <array>
#include <string>
#include <string_view>

namespace tdxvfs::image {
namespace {

Error AttributesUnreadable(const std::filesystem::path& path) {
  return SystemError(Reason::kFileUnreadable,
                     "extended attributes of '" + path.string() + "'", errno);
}

}  // namespace

bool IsKeptAttribute(std::string_view name) {
  constexpr std::string_view user = "user.";
  return (name.starts_with(user) && name != user) ||
         name == "system.posix_acl_access" ||
         name == "system.posix_acl_default";
}

Result<SourceAttributes> ReadAttributes(const std::filesystem::path& path) {
  SourceAttributes attributes;
  // Nearly every file has none: one call that says so.
  const ssize_t size = ::llistxattr(path.c_str(), nullptr, 0);
  if (size < 0 && errno != ENOTSUP) {
    return AttributesUnreadable(path);
  }
  if (size <= 0) {
    return attributes;
  }
  std::string names(kMaxAttribute, '\0');
  const ssize_t listed = ::llistxattr(path.c_str(), names.data(), names.size());
  if (listed < 0) {
    return AttributesUnreadable(path);
  }
  names.resize(static_cast<std::size_t>(listed));
  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (!IsKeptAttribute(name)) {
      continue;
    }
    std::string value(kMaxAttribute, '\0');
    const ssize_t got =
        ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (got < 0) {
      return AttributesUnreadable(path);
    }
    value.resize(static_cast<std::size_t>(got));
    attributes.emplace(name, std::move(value));
  }
  return attributes;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SOURCE_ATTRIBUTES_H_
#define TDXVFS_LUKS_IMAGE_SOURCE_ATTRIBUTES_H_

#include <filesystem>
#include <string_view>

#include "common/result.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Bytes, of a value or of all names of a file (XATTR_SIZE_MAX, XATTR_LIST_MAX).
inline constexpr std::size_t kMaxAttribute = 65536;

// Whether a volume keeps this attribute, given by its full name. (`user.` alone
// is a name that tar streams can have and no kernel takes.)
bool IsKeptAttribute(std::string_view name);

// The extended attributes of a path (its own, when it is a symbolic link) that
// a volume keeps. Fails with kFileUnreadable.
Result<SourceAttributes> ReadAttributes(const std::filesystem::path& path);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SOURCE_ATTRIBUTES_H_

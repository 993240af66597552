// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_REMOVE_TREE_H_
#define TDXVFS_LUKS_IMAGE_REMOVE_TREE_H_

#include <filesystem>

namespace tdxvfs::image {

// Removes a folder of ours with everything in it, unwritable folders included,
// with few descriptors and little memory however deep or wide it is. Ends
// without a word at what cannot be removed.
void RemoveTree(const std::filesystem::path& folder);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_REMOVE_TREE_H_

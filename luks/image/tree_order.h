// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TREE_ORDER_H_
#define TDXVFS_LUKS_IMAGE_TREE_ORDER_H_

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Brings a tree into the one order that its names give: entries of a folder in
// byte order, nodes numbered as a walk meets them that enters each folder where
// its name stands (the order of `tar --sort=name`). However a tree was
// collected, its image is then the same. Returns the new number of each old
// node.
std::vector<std::uint32_t> OrderTree(SourceTree* tree);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TREE_ORDER_H_

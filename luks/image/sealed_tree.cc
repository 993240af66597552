// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_tree.h"

#include <string>
#include <utility>

#include "luks/image/block_bytes.h"
#include "luks/image/erofs_tree.h"
#include "luks/image/ext4_reader.h"
#include "luks/image/squashfs_reader.h"

namespace tdxvfs::image {

Result<SealedTree> SealedTree::Open(SealedImage image,
                                    std::string_view file_system) {
  SealedTree tree;
  tree.image_ = std::make_unique<SealedImage>(std::move(image));
  ASSIGN_OR_RETURN(tree.blocks_, VerifiedReader::Create(tree.image_.get()));
  tree.bytes_ = std::make_unique<BlockBytes>(tree.blocks_.get());
  if (file_system == "erofs") {
    ASSIGN_OR_RETURN(tree.reader_, ErofsTree::Open(tree.blocks_.get()));
  } else if (file_system == "ext4") {
    ASSIGN_OR_RETURN(tree.reader_, Ext4Reader::Open(tree.bytes_.get()));
  } else if (file_system == "squashfs") {
    ASSIGN_OR_RETURN(tree.reader_, SquashfsReader::Open(tree.bytes_.get()));
  } else {
    return Error(Reason::kNotSupported, "file system '" +
                                            std::string(file_system) +
                                            "': no reader of its files");
  }
  return tree;
}

}  // namespace tdxvfs::image

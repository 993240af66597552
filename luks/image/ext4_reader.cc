// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_reader.h"

#include <optional>

#include "luks/image/ext4_content.h"

namespace tdxvfs::image {

Result<std::unique_ptr<TreeReader>> Ext4Reader::Open(ByteSource* source) {
  ASSIGN_OR_RETURN(Ext4FileSystem file_system, Ext4FileSystem::Open(source));
  ASSIGN_OR_RETURN(Ext4Tree found, ScanExt4(file_system, std::nullopt));
  return std::unique_ptr<TreeReader>(
      new Ext4Reader(std::move(file_system), std::move(found)));
}

Result<void> Ext4Reader::Content(const TreeNode& file,
                                 const ContentSink& sink) {
  return ReadExt4Content(file_system_, found_.inodes[file.number], file.size,
                         sink);
}

}  // namespace tdxvfs::image

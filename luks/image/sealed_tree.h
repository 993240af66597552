// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SEALED_TREE_H_
#define TDXVFS_LUKS_IMAGE_SEALED_TREE_H_

#include <memory>
#include <string_view>

#include "luks/image/byte_source.h"
#include "luks/image/sealed_image.h"
#include "luks/image/tree_reader.h"
#include "luks/image/verified_reader.h"

namespace tdxvfs::image {

// The files of an opened image: every block that is read is decrypted and
// checked against the hash tree first. Movable; one thread at a time.
class SealedTree {
 public:
  // `file_system`: the manifest's word for it. Fails with kNotSupported (one
  // that nothing here reads) and as VerifiedReader and the file system's reader
  // do.
  static Result<SealedTree> Open(SealedImage image,
                                 std::string_view file_system);

  TreeReader* reader() const { return reader_.get(); }

 private:
  SealedTree() = default;
  // Each points at the one before it, so none of them may move.
  std::unique_ptr<SealedImage> image_;
  std::unique_ptr<VerifiedReader> blocks_;
  std::unique_ptr<ByteSource> bytes_;  // for readers that ask for bytes
  std::unique_ptr<TreeReader> reader_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SEALED_TREE_H_

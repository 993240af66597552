// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_NAME_STORE_H_
#define TDXVFS_LUKS_IMAGE_NAME_STORE_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace tdxvfs::image {

// Keeps many short names in few allocations: a million strings of their own
// would need twice the memory of their letters. Move-only; names stay where
// they are when the store moves.
class NameStore {
 public:
  // A copy of `name`, valid as long as the store, or what it was moved into.
  std::string_view Keep(std::string_view name);

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
  std::size_t used_ = 0;  // bytes of the last piece
  std::size_t size_ = 0;  // bytes of the last piece, in all
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_NAME_STORE_H_

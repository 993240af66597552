// SPDX-License-Identifier: Apache-2.0
#include "luks/image/name_store.h"

#include <algorithm>

namespace tdxvfs::image {
namespace {

constexpr std::size_t kStorePiece = 65536;  // bytes

}  // namespace

std::string_view NameStore::Keep(std::string_view name) {
  // A store that was moved from has no pieces.
  if (pieces_.empty() || name.size() > size_ - used_) {
    size_ = std::max(kStorePiece, name.size());
    pieces_.push_back(std::make_unique<char[]>(size_));
    used_ = 0;
  }
  char* const kept = pieces_.back().get() + used_;
  std::copy(name.begin(), name.end(), kept);
  used_ += name.size();
  return {kept, name.size()};
}

}  // namespace tdxvfs::image

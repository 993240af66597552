// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ordered_hashes.h"

namespace tdxvfs::image {

Result<void> OrderedHashes::Append(
    std::uint64_t first_block,
    std::span<const std::vector<Sha256Digest>> hashes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || next_block_ == first_block; });
  if (stopped_) {
    return Error(Reason::kStopped, "another thread failed");
  }
  for (std::size_t tree = 0; tree < trees_.size(); ++tree) {
    RETURN_IF_ERROR(trees_[tree].Append(hashes[tree]));
  }
  next_block_ += hashes.front().size();
  changed_.notify_all();
  return {};
}

void OrderedHashes::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

Result<std::vector<Sha256Digest>> OrderedHashes::Finish() {
  std::vector<Sha256Digest> roots;
  for (VerityTree& tree : trees_) {
    ASSIGN_OR_RETURN(const Sha256Digest root, tree.Finish());
    roots.push_back(root);
  }
  return roots;
}

}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_ORDERED_HASHES_H_
#define TDXVFS_LUKS_IMAGE_ORDERED_HASHES_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"
#include "luks/image/verity_tree.h"

namespace tdxvfs::image {

// Lets threads that hash pieces of the data at the same time feed hash trees,
// which take the hashes in order: whoever is early waits. Thread-safe.
class OrderedHashes {
 public:
  // The trees get the hashes that Append is given for each, in this order.
  explicit OrderedHashes(std::vector<VerityTree> trees)
      : trees_(std::move(trees)) {}

  // Waits until all data blocks before `first_block` were appended, then
  // appends; `hashes` has one list for each tree, all of one length. Fails as
  // VerityTree::Append does, and with kStopped after Stop.
  Result<void> Append(std::uint64_t first_block,
                      std::span<const std::vector<Sha256Digest>> hashes);
  // Nobody waits any longer: the piece that they wait for will not come.
  void Stop();
  // Finishes every tree. Not while others append.
  Result<std::vector<Sha256Digest>> Finish();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<VerityTree> trees_;
  std::uint64_t next_block_ = 0;
  bool stopped_ = false;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_ORDERED_HASHES_H_

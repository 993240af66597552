// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_UNIQUE_FD_H_
#define TDXVFS_COMMON_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace tdxvfs {

// An owned file descriptor, closed when destroyed. -1 means none. Open with
// O_CLOEXEC, always.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int descriptor) : descriptor_(descriptor) {}
  UniqueFd(UniqueFd&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  bool valid() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  // Gives the descriptor up to the caller.
  int Release() { return std::exchange(descriptor_, -1); }
  void Reset() {
    if (descriptor_ >= 0) {
      ::close(std::exchange(descriptor_, -1));
    }
  }

 private:
  int descriptor_ = -1;
};

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_UNIQUE_FD_H_

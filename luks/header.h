// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HEADER_H_
#define TDXVFS_LUKS_HEADER_H_

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/sha256.h"
#include "common/unique_fd.h"
#include "luks/image_file.h"

namespace tdxvfs::luks {

inline constexpr std::uint64_t kDefaultHeaderSize = 1048576;  // bytes
inline constexpr std::uint64_t kMaxHeaderSize = 16777216;     // bytes
inline constexpr std::uint64_t kHeaderGranule = 4096;         // bytes

// The bytes [0, data offset) of an image, read once into sealed memory (a
// memfd with all four seals) and hashed there: what was hashed is what will be
// parsed and opened, whatever the host does to the disk meanwhile (threat D2).
class Header {
 public:
  // Reads `size` bytes (a multiple of 4096, at most kMaxHeaderSize). Fails
  // with kImageTruncated, kImageUnreadable or kImageNotLuks2 (no LUKS2 magic);
  // nothing else of the header is parsed here.
  static Result<Header> Read(const ImageFile& image, std::uint64_t size);

  const Sha256Digest& digest() const { return digest_; }
  std::uint64_t size() const { return size_; }
  // The sealed memfd; libcryptsetup opens it as /proc/self/fd/N.
  int descriptor() const { return memory_.get(); }

 private:
  Header() = default;
  UniqueFd memory_;
  Sha256Digest digest_{};
  std::uint64_t size_ = 0;
};

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HEADER_H_

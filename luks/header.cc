// SPDX-License-Identifier: Apache-2.0
#include "luks/header.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "luks/luks_format.h"

namespace tdxvfs::luks {
namespace {

// The primary binary header (LUKS2 On-Disk Format 1.1, section 2.1): magic,
// then the version as u16 big-endian.
constexpr std::size_t kVersionOffset = 6;

constexpr int kAllSeals =
    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// A mapping of the memfd, unmapped when destroyed.
class Mapping {
 public:
  Mapping(int descriptor, std::size_t size, int protection, int flags)
      : start_(::mmap(nullptr, size, protection, flags, descriptor, 0)),
        size_(size) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (valid()) {
      ::munmap(start_, size_);
    }
  }
  bool valid() const { return start_ != MAP_FAILED; }
  std::span<std::uint8_t> bytes() const {
    return {static_cast<std::uint8_t*>(start_), size_};
  }

 private:
  void* start_;
  std::size_t size_;
};

Result<UniqueFd> CreateMemory(std::uint64_t size) {
  UniqueFd memory(
      ::memfd_create("tdxvfs-header", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid() ||
      ::ftruncate(memory.get(), static_cast<off_t>(size)) != 0) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  return memory;
}

Result<void> Fill(const ImageFile& image, std::span<std::uint8_t> target) {
  std::size_t done = 0;
  while (done < target.size()) {
    const ssize_t got = ::pread(image.descriptor(), target.data() + done,
                                target.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return SystemError(
          errno == EIO ? Reason::kIoError : Reason::kImageUnreadable,
          QuotedName(image) + ": reading the header at byte " +
              std::to_string(done),
          errno);
    }
    if (got == 0) {
      return Error(Reason::kImageTruncated,
                   QuotedName(image) + " ends at byte " + std::to_string(done) +
                       ", inside its header of " +
                       std::to_string(target.size()) + " bytes");
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> CheckMagic(const ImageFile& image,
                        std::span<const std::uint8_t> bytes) {
  if (!std::equal(kLuksMagic.begin(), kLuksMagic.end(), bytes.begin(),
                  [](char left, std::uint8_t right) {
                    return static_cast<std::uint8_t>(left) == right;
                  })) {
    return Error(Reason::kImageNotLuks2,
                 QuotedName(image) + " has no LUKS header");
  }
  const unsigned version =
      bytes[kVersionOffset] * 256U + bytes[kVersionOffset + 1];
  if (version != 2) {
    return Error(
        Reason::kImageNotLuks2,
        QuotedName(image) + " is LUKS version " + std::to_string(version));
  }
  return {};
}

}  // namespace

Result<Header> Header::Read(const ImageFile& image, std::uint64_t size) {
  if (size == 0 || size % kHeaderGranule != 0 || size > kMaxHeaderSize) {
    return Error(Reason::kConfigInvalid,
                 "header size " + std::to_string(size) +
                     " is not a multiple of 4096 up to 16 MiB");
  }
  Header header;
  ASSIGN_OR_RETURN(header.memory_, CreateMemory(size));
  {
    const Mapping writable(header.memory_.get(), size, PROT_READ | PROT_WRITE,
                           MAP_SHARED);
    if (!writable.valid()) {
      return SystemError(Reason::kInternal, "memory for the header", errno);
    }
    if (Result<void> filled = Fill(image, writable.bytes()); !filled) {
      // A short file that does not even begin like LUKS is no cut-off volume.
      const bool truncated = filled.error().reason() == Reason::kImageTruncated;
      if (truncated && image.size() > 0) {
        RETURN_IF_ERROR(CheckMagic(image, writable.bytes()));
      }
      return std::move(filled).error();
    }
  }
  if (::fcntl(header.memory_.get(), F_ADD_SEALS, kAllSeals) != 0) {
    return SystemError(Reason::kInternal, "seal the header", errno);
  }
  // Hashed only now, so that the digest is of what can no longer change.
  const Mapping sealed(header.memory_.get(), size, PROT_READ, MAP_PRIVATE);
  if (!sealed.valid()) {
    return SystemError(Reason::kInternal, "memory for the header", errno);
  }
  RETURN_IF_ERROR(CheckMagic(image, sealed.bytes()));
  ASSIGN_OR_RETURN(header.digest_, Sha256(sealed.bytes()));
  header.size_ = size;
  return header;
}

}  // namespace tdxvfs::luks

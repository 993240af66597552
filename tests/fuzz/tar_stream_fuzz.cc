// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "common/unique_fd.h"
#include "luks/image/erofs_image.h"
#include "luks/image/tar_image.h"

namespace {

// Takes an image and forgets it.
class NoSink : public tdxvfs::image::ImageSink {
 public:
  tdxvfs::Result<void> Append(std::span<const std::uint8_t>) override {
    return {};
  }
  tdxvfs::Result<void> PutFirstBlock(std::span<const std::uint8_t>) override {
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const tdxvfs::UniqueFd stream(::memfd_create("tar", MFD_CLOEXEC));
  if (::pwrite(stream.get(), data, size, 0) == static_cast<ssize_t>(size)) {
    NoSink sink;
    tdxvfs::image::ErofsWriter writer(&sink);
    (void)tdxvfs::image::WriteTar(stream.get(), &writer, nullptr).has_value();
  }
  return 0;
}

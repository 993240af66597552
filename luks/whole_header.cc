// SPDX-License-Identifier: Apache-2.0
#include "luks/whole_header.h"

#include <libcryptsetup.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "luks/crypt_device.h"
#include "luks/luks_format.h"

namespace tdxvfs::luks {

Result<Header> ReadWholeHeader(const ImageFile& image) {
  const std::uint64_t look =
      std::min(kMaxHeaderSize, image.size() / kHeaderGranule * kHeaderGranule);
  ASSIGN_OR_RETURN(const Header most,
                   Header::Read(image, std::max(look, kHeaderGranule)));
  auto device = CryptDevice::Load(most);
  if (!device.has_value()) {
    // libcryptsetup's words for metadata that the end of the file cuts off do
    // not tell that from damage.
    if (image.size() < kDefaultHeaderSize) {
      return Error(Reason::kImageTruncated,
                   "image '" + image.path().string() + "' ends at byte " +
                       std::to_string(image.size()) + ", inside its header");
    }
    if (image.size() > kMaxHeaderSize) {
      // Else "device too small" of a header that goes on would speak of the
      // image.
      return std::move(device)
          .Context("in its first 16 MiB, the most that a header may have")
          .error();
    }
    return std::move(device).error();
  }
  const std::uint64_t size = crypt_get_data_offset(device->get()) * kSectorSize;
  if (size == 0 || size > kMaxHeaderSize || size % kHeaderGranule != 0) {
    return Error(Reason::kHeaderRefused,
                 "data at byte " + std::to_string(size) +
                     ", no header, one above 16 MiB or not of whole blocks");
  }
  return Header::Read(image, size);
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/hex.h"
#include "luks/image/manifest.h"

// What was read is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto manifest =
      tdxvfs::image::ParseManifest(tdxvfs::AsText({data, size}));
  if (manifest.has_value() &&
      !tdxvfs::image::ParseManifest(tdxvfs::image::ManifestJson(*manifest))
           .has_value()) {
    std::abort();
  }
  return 0;
}

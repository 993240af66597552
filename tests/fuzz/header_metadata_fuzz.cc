// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "common/hex.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto metadata =
      tdxvfs::luks::ParseHeaderMetadata(tdxvfs::AsText({data, size}));
  if (metadata.has_value()) {
    (void)tdxvfs::luks::CheckHeaderProfile(
        *metadata, tdxvfs::luks::kSealedProfile, 1048576);
    (void)tdxvfs::luks::CheckHeaderProfile(
        *metadata, tdxvfs::luks::kImportedProfile, 1048576);
  }
  return 0;
}

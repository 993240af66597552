// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/volume_config.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::agent::ParseVolumeConfig(
      "fuzz", "fuzz.toml", std::string(tdxvfs::AsText({data, size})));
  return 0;
}

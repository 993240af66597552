// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "common/hex.h"
#include "keyserver/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::keyserver::ParseConfig(tdxvfs::AsText({data, size}),
                                       "fuzz.toml");
  return 0;
}

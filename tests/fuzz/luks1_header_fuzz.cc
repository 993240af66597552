// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "luks/header.h"
#include "luks/luks1_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto header = tdxvfs::luks::ParseLuks1Header({data, size});
  if (header.has_value() &&
      header->data_offset > tdxvfs::luks::kMaxHeaderSize) {
    std::abort();
  }
  return 0;
}

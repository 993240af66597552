// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <span>

#include "attest/verify/tcb_info.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::verify::ParseTcbInfo(tdxvfs::AsText(std::span(data, size)));
  return 0;
}

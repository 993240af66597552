// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "attest/verify/crl.h"
#include "tests/fuzz/golden_anchor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::verify::VerifyCrl({data, size},
                                  tdxvfs::GoldenAnchor().certificate());
  return 0;
}

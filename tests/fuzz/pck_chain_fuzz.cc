// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "attest/verify/pck_chain.h"
#include "attest/verify/pck_extension.h"
#include "tests/fuzz/golden_anchor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::verify::VerifyPckChain({data, size}, tdxvfs::GoldenAnchor());
  (void)tdxvfs::verify::ParsePckExtension({data, size});
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <utility>

#include "attest/verify/given_pck_chain.h"
#include "attest/verify/verify_quote.h"
#include "tests/fuzz/golden_anchor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // Reached by quotes that name their certificate.
  tdxvfs::verify::GivenPckChain no_chain("");
  auto quote = tdxvfs::attest::ParseQuote({data, size});
  if (quote.has_value()) {
    (void)tdxvfs::verify::VerifyQuote(
        std::move(*quote),
        {tdxvfs::GoldenAnchor(), std::chrono::system_clock::now(), nullptr,
         &no_chain});
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "collateral/answer_encoding.h"
#include "collateral/set_name.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text = tdxvfs::AsText({data, size});
  (void)tdxvfs::collateral::DecodeIssuerChain(text);
  (void)tdxvfs::collateral::DecodeCrl(text);
  (void)tdxvfs::collateral::SetName::FromText(text);
  return 0;
}

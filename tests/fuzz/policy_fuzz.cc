// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include "attest/policy/measurement_policy.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto policy =
      tdxvfs::policy::MeasurementPolicy::Parse(tdxvfs::AsText({data, size}));
  if (policy.has_value()) {
    const std::array<std::uint8_t, 32> config_digest{};
    (void)policy->Check(tdxvfs::attest::TdReport{}, config_digest);
  }
  return 0;
}

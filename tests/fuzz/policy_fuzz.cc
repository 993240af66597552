// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "attest/policy/measurement_policy.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto policy =
      tdxvfs::policy::MeasurementPolicy::Parse(tdxvfs::AsText({data, size}));
  if (policy.has_value()) {
    const tdxvfs::attest::TdReport report{};
    const tdxvfs::attest::TcbVerdict verdict{};
    const tdxvfs::event_log::EventLog log{};
    (void)policy->Check(
        {.report = report, .now = {}, .tcb = &verdict, .event_log = &log});
  }
  return 0;
}

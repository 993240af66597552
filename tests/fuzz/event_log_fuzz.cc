// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "attest/event_log/ccel_table.h"
#include "attest/event_log/event_kind.h"
#include "attest/event_log/replay.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::event_log::ParseCcelTable({data, size});
  const auto log = tdxvfs::event_log::ParseEventLog({data, size});
  if (log.has_value()) {
    (void)tdxvfs::event_log::Replay(*log);
    for (const tdxvfs::event_log::Event& event : log->events) {
      (void)tdxvfs::event_log::Describe(event);
    }
  }
  return 0;
}

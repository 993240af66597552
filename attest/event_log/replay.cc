// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/replay.h"

#include <algorithm>
#include <string>

#include "common/hex.h"

namespace tdxvfs::event_log {
namespace {

constexpr std::size_t kChecked = 3;

std::string NameOf(std::size_t rtmr) {
  return "event log replays to rtmr" + std::to_string(rtmr);
}

}  // namespace

Result<Registers> Replay(const EventLog& log) {
  Registers registers{};
  for (const Event& event : log.events) {
    const auto rtmr = event.rtmr();
    if (!rtmr.has_value()) {
      continue;
    }
    Sha384Digest& value = registers.at(*rtmr);
    attest::ByteArray<96> input{};
    std::copy(event.digest.begin(), event.digest.end(),
              std::copy(value.begin(), value.end(), input.begin()));
    ASSIGN_OR_RETURN(value, Sha384(input));
  }
  return registers;
}

Result<attest::Checks> CheckReplay(const EventLog& log,
                                   const attest::TdReport& report) {
  ASSIGN_OR_RETURN(const Registers registers, Replay(log));
  attest::Checks checks;
  for (std::size_t i = 0; i < kChecked; ++i) {
    checks.push_back({NameOf(i), ToHex(report.rtmr.at(i)),
                      ToHex(registers.at(i)),
                      report.rtmr.at(i) == registers.at(i), "the quote"});
  }
  return checks;
}

Result<EventLog> ReadReplayed(std::span<const std::uint8_t> bytes,
                              const attest::TdReport& report,
                              attest::Checks* checks) {
  ASSIGN_OR_RETURN(EventLog log, ParseEventLog(bytes));
  ASSIGN_OR_RETURN(const attest::Checks replay, CheckReplay(log, report));
  if (checks != nullptr) {
    checks->insert(checks->end(), replay.begin(), replay.end());
  }
  const auto failed =
      std::find_if(replay.begin(), replay.end(),
                   [](const attest::Check& check) { return !check.passed; });
  if (failed != replay.end()) {
    return Error(Reason::kQuoteInvalid,
                 "event log: it does not replay to rtmr" +
                     std::to_string(failed - replay.begin()) + " of the quote");
  }
  return log;
}

}  // namespace tdxvfs::event_log

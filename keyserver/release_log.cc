// SPDX-License-Identifier: Apache-2.0
#include "keyserver/release_log.h"

#include <utility>

#include "common/log.h"

namespace tdxvfs::keyserver {
namespace {

LogFields FieldsOf(const Exchange& exchange, std::string reason,
                   std::string audit_id) {
  return {.volume = exchange.volume,
          .reason = std::move(reason),
          .audit_id = std::move(audit_id),
          .peer = exchange.peer};
}

std::string Named(const Exchange& exchange, const std::string& text) {
  return "volume '" + exchange.volume + "': " + text;
}

}  // namespace

void LogRefusal(const Exchange& exchange, const Error& error) {
  const bool unrecorded = error.reason() == Reason::kAuditUnavailable;
  Log(unrecorded ? LogLevel::kError : LogLevel::kWarning,
      unrecorded ? Event::kAuditFailed : Event::kRefused,
      Named(exchange, "refused: " + error.ToString()),
      FieldsOf(exchange, std::string(InfoOf(error.reason()).slug),
               error.audit_id()));
}

void LogRelease(const Exchange& exchange, const std::string& audit_id,
                bool anchor_is_intel, bool collateral_none) {
  const LogFields fields = FieldsOf(exchange, "", audit_id);
  Log(LogLevel::kInfo, Event::kReleased, Named(exchange, "key released"),
      fields);
  if (!anchor_is_intel) {
    Log(LogLevel::kWarning, Event::kAnchorNotIntel,
        "released on a trust anchor that is not Intel's", fields);
  }
  if (collateral_none) {
    Log(LogLevel::kWarning, Event::kCollateralNone,
        "released without a look at TCB level and revocation", fields);
  }
}

void LogOutcome(const Exchange& exchange, const std::string& audit_id,
                const OutcomeText& outcome, const Result<void>& recorded) {
  const LogFields fields = FieldsOf(exchange, outcome.reason, audit_id);
  if (!recorded.has_value()) {
    Log(LogLevel::kError, Event::kAuditFailed, recorded.error().ToString(),
        fields);
  }
  std::string text = outcome.result;
  if (!outcome.detail.empty()) {
    text += ": " + outcome.detail;
  }
  Log(outcome.result == "opened" ? LogLevel::kInfo : LogLevel::kWarning,
      Event::kOutcome, Named(exchange, text), fields);
}

}  // namespace tdxvfs::keyserver

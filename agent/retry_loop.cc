// SPDX-License-Identifier: Apache-2.0
#include "agent/retry_loop.h"

#include <chrono>
#include <optional>

#include "agent/quantity.h"
#include "common/json_text.h"
#include "common/log.h"

namespace tdxvfs::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string NextTry(milliseconds delay) {
  const auto rounded = std::chrono::ceil<std::chrono::seconds>(delay);
  return "next try in " + DurationText(rounded) + " (" +
         JsonTime(std::chrono::system_clock::now() + delay) + ")";
}

std::string Because(const Error& error) {
  std::string text(InfoOf(error.reason()).slug);
  if (!error.audit_id().empty()) {
    text += ", audit id " + error.audit_id();
  }
  return text;
}

void LogAttempt(const std::string& volume, int attempt, const Error& error,
                const std::string& what_next) {
  Log(LogLevel::kWarning, Event::kUnlockAttempt,
      "attempt " + std::to_string(attempt) + " to unlock volume '" + volume +
          "' failed: " + Because(error) + ": " + error.ToString() + "; " +
          what_next,
      {.volume = volume,
       .reason = std::string(InfoOf(error.reason()).slug),
       .audit_id = error.audit_id()});
}

}  // namespace

Result<Unlocked> UnlockAndRetry(const std::string& volume, RetryPlan plan,
                                const RetryHooks& hooks) {
  const auto start = steady_clock::now();
  for (int attempt = 1;; ++attempt) {
    hooks.notify("STATUS=attempt " + std::to_string(attempt) +
                 " to unlock volume '" + volume + "'");
    auto unlocked = hooks.attempt();
    if (unlocked.has_value() || unlocked.error().reason() == Reason::kStopped) {
      return unlocked;
    }
    const Error& error = unlocked.error();
    const auto delay = plan.Next(
        error,
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - start));
    const std::string what_next =
        delay.has_value() ? NextTry(*delay) : "not tried again";
    LogAttempt(volume, attempt, error, what_next);
    hooks.notify("STATUS=attempt " + std::to_string(attempt) +
                 " failed: " + Because(error) + "; " + what_next);
    if (!delay.has_value()) {
      return unlocked;
    }
    if (!hooks.sleep(*delay)) {
      return Error(Reason::kStopped, "stopped while waiting for the next try");
    }
  }
}

}  // namespace tdxvfs::agent

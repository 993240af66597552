// SPDX-License-Identifier: Apache-2.0
#include "agent/unlock_command.h"

#include <chrono>
#include <string>
#include <utility>

#include "agent/configfs_quote_source.h"
#include "agent/retry_loop.h"
#include "agent/state_record.h"
#include "agent/stop_request.h"
#include "agent/volume_guard.h"
#include "common/json_text.h"
#include "common/log.h"
#include "common/service_manager.h"

namespace tdxvfs::agent {
namespace {

// Longer than any attempt that is not stuck.
constexpr std::chrono::minutes kAttemptLimit{3};

std::string Milliseconds(std::chrono::microseconds time) {
  return std::to_string(
             std::chrono::round<std::chrono::milliseconds>(time).count()) +
         " ms";
}

void WriteRecord(const Surroundings& surroundings, const VolumeConfig& config,
                 const StateRecord& record) {
  const auto written =
      WriteStateRecord(surroundings.run_directory, config.name, record);
  if (!written.has_value()) {
    Log(LogLevel::kWarning, Event::kConfigWarning,
        "no record for status: " + written.error().ToString(),
        {.volume = config.name});
  }
}

StateRecord RecordOf(const Result<Unlocked>& unlocked) {
  StateRecord record;
  if (unlocked.has_value()) {
    record.since = JsonTimeNow();
    record.version = std::to_string(unlocked->version);
    record.audit_id = unlocked->audit_id;
  } else {
    record.audit_id = unlocked.error().audit_id();
    record.reason = InfoOf(unlocked.error().reason()).slug;
  }
  return record;
}

// One attempt with the guard held, and its record.
Result<Unlocked> AttemptGuarded(const Surroundings& surroundings,
                                const VolumeConfig& config,
                                const UnlockParts& parts, UnlockMode mode) {
  ASSIGN_OR_RETURN(
      const VolumeGuard guard,
      VolumeGuard::Take(surroundings.run_directory, config.name,
                        VolumeGuard::Kind::kAttempt, kAttemptLimit));
  auto unlocked = UnlockVolume(config, parts, mode);
  if (!unlocked.has_value() && StopRequested()) {
    return Error(Reason::kStopped, "stopped: " + unlocked.error().ToString());
  }
  if (mode == UnlockMode::kCheck) {
    return unlocked;
  }
  if (!unlocked.has_value() || !unlocked->already_open) {
    WriteRecord(surroundings, config, RecordOf(unlocked));
  }
  return unlocked;
}

void LogSuccess(const VolumeConfig& config, const Unlocked& unlocked,
                UnlockMode mode) {
  const std::string name = "volume '" + config.name + "' ";
  const LogFields fields{.volume = config.name, .audit_id = unlocked.audit_id};
  if (unlocked.already_open) {
    Log(LogLevel::kInfo, Event::kAlreadyOpen, name + "is open already", fields);
    NotifyService("STATUS=" + name + "is open");
    return;
  }
  const std::string version = "version " + std::to_string(unlocked.version);
  if (mode == UnlockMode::kCheck) {
    Log(LogLevel::kInfo, Event::kChecked,
        name + "was granted as " + version +
            " and not opened: " + TimingsText(unlocked.timings),
        fields);
    return;
  }
  Log(LogLevel::kInfo, Event::kUnlocked,
      name + "unlocked, " + version + ", in " +
          Milliseconds(unlocked.timings.total) + ": " +
          TimingsText(unlocked.timings),
      fields);
  NotifyService("STATUS=" + name + "is open, " + version);
}

}  // namespace

std::string TimingsText(const UnlockTimings& timings) {
  return "quote " + Milliseconds(timings.quote) + ", release " +
         Milliseconds(timings.release) + ", open " +
         Milliseconds(timings.open) + " (header " +
         Milliseconds(timings.header) + ", loop " + Milliseconds(timings.loop) +
         ", crypt " + Milliseconds(timings.crypt) + ", verity " +
         Milliseconds(timings.verity) + "), mount " +
         Milliseconds(timings.mount);
}

Result<Unlocked> RunUnlock(const Surroundings& surroundings,
                           const VolumeConfig& config, UnlockMode mode,
                           Patience patience) {
  ConfigfsQuoteSource quotes(surroundings.configfs_root);
  UnlockParts parts;
  parts.quotes = &quotes;
  parts.event_log = surroundings.event_log;
  parts.warn = [&config](Event event, const std::string& line) {
    Log(LogLevel::kWarning, event, line, {.volume = config.name});
  };
  const auto attempt = [&]() {
    return AttemptGuarded(surroundings, config, parts, mode)
        .Context("unlock volume '" + config.name + "'");
  };
  Result<Unlocked> unlocked = Error(Reason::kInternal, "no attempt");
  if (patience == Patience::kOnce) {
    unlocked = attempt();
  } else {
    // Shows `status` that somebody is at it between two attempts as well.
    ASSIGN_OR_RETURN(
        const VolumeGuard guard,
        VolumeGuard::Take(surroundings.run_directory, config.name,
                          VolumeGuard::Kind::kWaiting, kAttemptLimit));
    unlocked = UnlockAndRetry(
        config.name,
        RetryPlan(config.max_wait, config.retry_slowly, RandomFraction),
        {.attempt = attempt,
         .sleep = SleepUnlessStopped,
         .notify = NotifyService});
  }
  if (unlocked.has_value()) {
    LogSuccess(config, *unlocked, mode);
  }
  return unlocked;
}

}  // namespace tdxvfs::agent

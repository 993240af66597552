// SPDX-License-Identifier: Apache-2.0
#include "agent/unlock_volume.h"

#include <optional>
#include <string>
#include <utility>

#include "agent/config_digest.h"
#include "agent/event_log_file.h"
#include "agent/grant_wire.h"
#include "agent/release_client.h"
#include "agent/stopwatch.h"
#include "common/profile_limits.h"
#include "common/secret.h"
#include "luks/header.h"
#include "luks/image_file.h"

namespace tdxvfs::agent {
namespace {

// What one attempt works on.
struct Attempt {
  const VolumeConfig& config;
  const UnlockParts& parts;
  UnlockMode mode;
  const luks::ImageFile& image;
  const luks::Header& header;
  luks::VolumePlace place;
  std::vector<std::uint8_t> event_log;
};

// Compares the grant with what was asked for and opens the volume with it.
Result<Unlocked> OpenGranted(const Attempt& attempt, const Secret& plaintext) {
  ASSIGN_OR_RETURN(
      const Grant grant,
      ParseGrant(plaintext, {.volume = attempt.config.name,
                             .header_sha256 = attempt.header.digest(),
                             .header_size = attempt.header.size()}));
  Unlocked unlocked;
  unlocked.version = grant.version;
  if (attempt.mode == UnlockMode::kCheck) {
    return unlocked;
  }
  const std::string_view limits = LimitsOfProfile(grant.open.header_profile);
  if (!limits.empty()) {
    attempt.parts.warn(
        Event::kOpenWarning,
        "profile " + grant.open.header_profile + ": " + std::string(limits));
  }
  ASSIGN_OR_RETURN(
      const luks::OpenTimings took,
      attempt.parts.open_volume(attempt.image, attempt.header, grant.open,
                                attempt.place, [&attempt](std::string line) {
                                  attempt.parts.warn(Event::kOpenWarning,
                                                     std::move(line));
                                }));
  unlocked.timings.header = took.header;
  unlocked.timings.loop = took.attach;
  unlocked.timings.crypt = took.crypt;
  unlocked.timings.verity = took.verity;
  unlocked.timings.open = took.header + took.attach + took.crypt + took.verity;
  unlocked.timings.mount = took.mount;
  return unlocked;
}

// Tells the server what became of its grant. The volume stays as it is when
// the server cannot be told: its record then says `unknown`.
void ReportOutcome(const Attempt& attempt, ReleaseClient& server,
                   Result<Unlocked>* unlocked) {
  UnlockOutcome outcome;
  if (!unlocked->has_value()) {
    outcome.reason = InfoOf(unlocked->error().reason()).slug;
  } else {
    outcome.version = (*unlocked)->version;
    outcome.opened = attempt.mode == UnlockMode::kOpen;
    if (!outcome.opened) {
      outcome.reason = InfoOf(Reason::kStopped).slug;
    }
  }
  const auto recorded = server.Report(outcome);
  if (!recorded.has_value()) {
    attempt.parts.warn(Event::kOutcomeUnrecorded,
                       "the key server has not recorded the outcome: " +
                           recorded.error().ToString());
  } else if (unlocked->has_value()) {
    (*unlocked)->audit_id = *recorded;
  } else {
    std::move(unlocked->error()).WithAuditId(*recorded);
  }
}

Result<Unlocked> UnlockThrough(const Attempt& attempt,
                               const ServerAddress& address,
                               const Sha256Digest& config_digest) {
  const std::string who = "key server '" + address.ToString() + "'";
  Stopwatch total;
  Stopwatch step;
  ASSIGN_OR_RETURN(
      ReleaseClient server,
      ReleaseClient::Begin(
          {address, attempt.config.ca_bytes, attempt.config.server_spki},
          {attempt.config.name, attempt.header.digest(), config_digest})
          .Context(who));
  const auto challenge_time = step.Lap();
  ASSIGN_OR_RETURN(const auto quote,
                   attempt.parts.quotes->Get(server.report_data()));
  const auto quote_time = step.Lap();
  ASSIGN_OR_RETURN(const Secret grant,
                   server.Redeem(quote, attempt.event_log).Context(who));
  const auto redeem_time = step.Lap();

  Result<Unlocked> unlocked = OpenGranted(attempt, grant);
  const auto total_time = total.Lap();
  ReportOutcome(attempt, server, &unlocked);
  if (unlocked.has_value()) {
    unlocked->timings.quote = quote_time;
    unlocked->timings.release = challenge_time + redeem_time;
    unlocked->timings.total = total_time;
  }
  return unlocked;
}

// A guest without its log is for the server's policy to judge.
std::vector<std::uint8_t> EventLogOf(const UnlockParts& parts) {
  if (parts.event_log.empty()) {
    return {};
  }
  auto log = ReadEventLog(parts.event_log);
  if (!log.has_value()) {
    parts.warn(Event::kOpenWarning,
               "no event log is sent: " + log.error().ToString());
    return {};
  }
  return std::move(*log);
}

// Another server may do better: this one is out of reach, ill, or not what it
// should be. A refusal is final, since all servers share one store.
bool MayAskAnother(const Error& error) {
  return InfoOf(error.reason()).exit_code ==
             InfoOf(Reason::kServerUnreachable).exit_code ||
         error.reason() == Reason::kServerIdentity;
}

Result<Unlocked> AskServers(const Attempt& attempt) {
  ASSIGN_OR_RETURN(const Sha256Digest config_digest,
                   ConfigDigest(attempt.config));
  std::optional<Error> hopeful;
  for (const ServerAddress& address : attempt.config.servers) {
    auto unlocked = UnlockThrough(attempt, address, config_digest);
    if (unlocked.has_value() || !MayAskAnother(unlocked.error())) {
      return unlocked;
    }
    // Of several failures the one that may pass decides about trying again.
    if (!hopeful.has_value() ||
        InfoOf(hopeful->reason()).retry == Retry::kNever) {
      hopeful = std::move(unlocked).error();
    }
  }
  return *std::move(hopeful);
}

}  // namespace

Result<Unlocked> UnlockVolume(const VolumeConfig& config,
                              const UnlockParts& parts, UnlockMode mode) {
  ASSIGN_OR_RETURN(const luks::ImageFile image,
                   luks::ImageFile::Open(config.image));
  ASSIGN_OR_RETURN(const luks::Header header,
                   luks::Header::Read(image, config.header_size));
  const luks::VolumePlace place{config.name, config.mount};
  const auto open_already = parts.check_already_open(header, place);
  if (open_already.has_value()) {
    Unlocked unchanged;
    unchanged.already_open = true;
    return unchanged;
  }
  if (open_already.error().reason() != Reason::kVolumeNotOpen) {
    return open_already.error();
  }
  return AskServers(
      {config, parts, mode, image, header, place, EventLogOf(parts)});
}

}  // namespace tdxvfs::agent

// SPDX-License-Identifier: Apache-2.0
// What a KeyRelease asks of the volume once the guest is known to be genuine:
// its policy, its header and its limits.
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "attest/policy/measurement_policy.h"
#include "common/profile_limits.h"
#include "keyserver/release_attempt.h"

namespace tdxvfs::keyserver {
namespace {

// Everything that policy refuses looks the same to the guest: anybody can rent
// a genuine TD, and must not learn which volumes exist (A17).
Error RefusedByPolicy(AuditRecord* record, std::string detail) {
  record->detail = std::move(detail);
  return {Reason::kRefusedByPolicy, "refused by policy"};
}

// A guest may know that its platform's TCB is refused, but only when that is
// all: otherwise it would learn that the volume exists (A17).
Result<void> ResultOf(const policy::Judgement& judgement, AuditRecord* record) {
  if (judgement.acceptance == policy::Acceptance::kAccepted) {
    return {};
  }
  std::string differing;
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed) {
      differing += (differing.empty() ? "" : ", ") + check.name;
    }
  }
  Error refused =
      RefusedByPolicy(record, "the policy does not accept: " + differing);
  if (judgement.acceptance == policy::Acceptance::kTcbRefused) {
    return Error(Reason::kTcbOutOfDate,
                 "the policy does not accept the platform's TCB");
  }
  return refused;
}

}  // namespace

Result<void> KeyRelease::CheckPolicy(Attempt* attempt) const {
  AuditRecord& record = attempt->record;
  ASSIGN_OR_RETURN(const std::optional<VolumeRecord> volume,
                   Timed(parts_.metrics, Step::kFindVolume, [this, attempt] {
                     return parts_.store->FindVolume(attempt->exchange.volume);
                   }));
  if (!volume.has_value()) {
    return RefusedByPolicy(&record, "the volume is unknown");
  }
  if (volume->disabled) {
    return RefusedByPolicy(&record, "the volume is disabled");
  }
  if (!volume->policy_json.has_value()) {
    return RefusedByPolicy(&record, "the volume has no policy");
  }
  ASSIGN_OR_RETURN(const PolicyCache::Policy policy,
                   policies_.Parsed(*volume->policy_json));
  record.acknowledged = policy->acknowledged();
  attempt->allow_imported = policy->allow_imported();
  ASSIGN_OR_RETURN(
      policy::Judgement judgement,
      policy->Check({.report = attempt->report,
                     .now = parts_.clock->Now(),
                     .config_digest = &attempt->evidence.config_digest,
                     .tcb = attempt->tcb.has_value() ? &*attempt->tcb : nullptr,
                     .event_log = attempt->event_log.has_value()
                                      ? &*attempt->event_log
                                      : nullptr}));
  auto result = ResultOf(judgement, &record);
  record.checks.insert(record.checks.end(),
                       std::make_move_iterator(judgement.checks.begin()),
                       std::make_move_iterator(judgement.checks.end()));
  return result;
}

Result<void> KeyRelease::CheckHeader(Attempt* attempt) const {
  const Exchange& exchange = attempt->exchange;
  ASSIGN_OR_RETURN(std::optional<VersionRecord> version,
                   Timed(parts_.metrics, Step::kFindVersion, [this, &exchange] {
                     return parts_.store->FindVersion(exchange.volume,
                                                      exchange.header_sha256);
                   }));
  if (!version.has_value()) {
    attempt->record.detail =
        "no version of the volume ever had this header; it is not one of ours";
  } else if (version->retired || version->delete_after.has_value()) {
    attempt->record.version = version->version;
    attempt->record.detail = "version " + std::to_string(version->version) +
                             (version->retired ? " is retired" : " is deleted");
  } else {
    attempt->record.version = version->version;
    attempt->version = std::move(*version);
    return CheckProfile(attempt);
  }
  return Error(Reason::kHeaderUnknown,
               "no live version of the volume has this header");
}

// A volume that its host can change unnoticed is released only where the policy
// says that this was seen; the record says it either way.
Result<void> KeyRelease::CheckProfile(Attempt* attempt) const {
  const std::string& profile = attempt->version.description.header_profile;
  const std::string_view limits = LimitsOfProfile(profile);
  if (limits.empty()) {
    return {};
  }
  std::string detail = "profile " + profile + ": " + std::string(limits);
  if (!attempt->allow_imported) {
    return RefusedByPolicy(
        &attempt->record,
        detail + "; the policy does not say \"allow_imported\": true");
  }
  attempt->record.detail = std::move(detail);
  return {};
}

// Only guests that satisfy the policy get here, so that nobody else can use a
// volume's limits up (A17).
Result<void> KeyRelease::CheckLimits(Attempt* attempt) const {
  if (auto releasable = CheckReleasable(attempt->version, parts_.clock->Now());
      !releasable.has_value()) {
    return RefusedByPolicy(&attempt->record, releasable.error().message());
  }
  return parts_.volume_rate == nullptr
             ? Result<void>()
             : parts_.volume_rate->Take(attempt->exchange.volume);
}

// The last step before the record: a release that cannot be counted does not
// happen, and of two guests that ask for the last one, one gets it.
Result<void> KeyRelease::CountRelease(Attempt* attempt) const {
  if (!attempt->version.limits.releases.has_value()) {
    return {};
  }
  auto counted = parts_.store->TakeRelease(
      attempt->version.volume, attempt->version.version, parts_.clock->Now());
  if (!counted.has_value() &&
      counted.error().reason() == Reason::kRefusedByPolicy) {
    return RefusedByPolicy(&attempt->record, counted.error().message());
  }
  return counted;
}

}  // namespace tdxvfs::keyserver

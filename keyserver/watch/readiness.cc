// SPDX-License-Identifier: Apache-2.0
#include "keyserver/watch/readiness.h"

#include <utility>

#include "common/json_text.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::chrono::seconds kStale{30};

std::string StateOf(const ReadinessCheck& check) {
  if (check.failure.has_value()) {
    return check.failure->ToString();
  }
  return check.warning.empty() ? "ok" : "ok, but " + check.warning;
}

}  // namespace

Result<void> CheckCollateralState(const collateral::CollateralState& state) {
  if (state.usable == 0 && state.expired > 0) {
    return Error(Reason::kCollateralUnavailable,
                 "all " + std::to_string(state.expired) +
                     " sets of collateral are out of date");
  }
  return {};
}

Result<void> CheckCertificateDate(std::chrono::system_clock::time_point expires,
                                  std::chrono::system_clock::time_point now) {
  if (now > expires) {
    return Error(Reason::kConfigInvalid,
                 "tls.certificate expired " + JsonTime(expires));
  }
  return {};
}

Result<void> Readiness::Set(ReadinessChecks checks) {
  const std::lock_guard lock(mutex_);
  checks_ = std::move(checks);
  checked_ = clock_->Steady();
  for (const ReadinessCheck& check : checks_) {
    if (check.failure.has_value()) {
      return *check.failure;
    }
  }
  return {};
}

void Readiness::Drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

Readiness::Answer Readiness::Ask() const {
  const std::lock_guard lock(mutex_);
  Answer answer;
  answer.ready = !checks_.empty() && !draining_;
  if (draining_) {
    answer.text += "server: finishing streams in flight\n";
  }
  if (checks_.empty() || clock_->Steady() - checked_ > kStale) {
    answer.ready = false;
    answer.text += "server: the checks do not come back\n";
  }
  for (const ReadinessCheck& check : checks_) {
    answer.ready = answer.ready && !check.failure.has_value();
    answer.text += check.name + ": " + StateOf(check) + "\n";
  }
  return answer;
}

}  // namespace tdxvfs::keyserver

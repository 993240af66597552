// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_WATCH_READINESS_H_
#define TDXVFS_KEYSERVER_WATCH_READINESS_H_

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collateral/collateral_state.h"
#include "common/clock.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

// One thing that has to be right before guests can be served.
struct ReadinessCheck {
  std::string name;  // "store", "audit", "collateral", "certificate"
  std::optional<Error> failure;
  std::string warning{};  // what to mend although guests are served; or empty
};
using ReadinessChecks = std::vector<ReadinessCheck>;

// Fails with kCollateralUnavailable when there are sets and all of them are out
// of date: then nobody can be served. No set at all is right: the first guest
// of a kind of platform fetches its own.
Result<void> CheckCollateralState(const collateral::CollateralState& state);

// Fails with kConfigInvalid when the certificate has expired: guests refuse it.
Result<void> CheckCertificateDate(std::chrono::system_clock::time_point expires,
                                  std::chrono::system_clock::time_point now);

// The last result of the checks, which one thread makes at intervals and others
// ask for. Thread-safe.
class Readiness {
 public:
  explicit Readiness(const Clock* clock) : clock_(clock) {}

  // Returns the first failure.
  Result<void> Set(ReadinessChecks checks);
  // From now on nothing new is taken; a later Set does not change that.
  void Drain();

  struct Answer {
    bool ready = false;
    std::string text;  // a line per check
  };
  // Not ready when the last result is older than 30 s: whoever makes it hangs.
  Answer Ask() const;

 private:
  const Clock* const clock_;
  mutable std::mutex mutex_;
  ReadinessChecks checks_;
  std::chrono::steady_clock::time_point checked_;
  bool draining_ = false;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_WATCH_READINESS_H_

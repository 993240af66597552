// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_GUEST_STORM_H_
#define TDXVFS_BENCH_GUEST_STORM_H_

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/pretend_fleet.h"

namespace tdxvfs::bench {

// Who comes, and when: `guests` in equal steps over `over`, whether those
// before them got through or not. At most `attempts_at_once` run at a time, and
// first attempts have the next turn; one that has to wait for its turn waits on
// its own account.
struct StormPlan {
  int guests = 0;
  std::chrono::seconds over{};
  int attempts_at_once = 0;
};

struct StormFigures {
  // Seconds, sorted. Of every guest: from its planned arrival until its outcome
  // was recorded, over all its attempts.
  std::vector<double> unlocks;
  // Of the attempts that succeeded, each on its own.
  std::vector<double> accepted;
  // How late first attempts began: what the generator could not keep up with.
  std::vector<double> lateness;
  // Attempts that failed, by reason.
  std::map<std::string, int> failures;
  // Those of them that were refused as server-overloaded without a time to come
  // back.
  int without_hint = 0;
  // Guests that will not try again.
  int lost = 0;
  double offered = 0;  // seconds until the last guest made its first attempt
  double seconds = 0;  // until the last guest was done
};

// Guests try again by the agent's own plan, each attempt with a fresh
// connection and a fresh key; signing the quotes is part of them. `unlocked` is
// told how many guests are done, by one at a time.
StormFigures Storm(const PretendFleet& fleet, const std::string& address,
                   const StormPlan& plan,
                   const std::function<void(int done)>& unlocked);

// The value below which this share of sorted values lies; 0 of none.
double Quantile(const std::vector<double>& sorted, double share);

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_GUEST_STORM_H_

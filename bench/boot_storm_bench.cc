// SPDX-License-Identifier: Apache-2.0
// Does a key server on one core get a fleet through its morning? Guests arrive
// over a minute, each with a fresh connection and a fresh key, and try again as
// the agent does. Tells how long they took, what the server's memory did, and
// whether anybody was lost. Usage:
// boot_storm_bench SERVER [GUESTS [SECONDS [ATTEMPTS_AT_ONCE]]]
#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "bench/guest_storm.h"
#include "bench/must.h"
#include "bench/pretend_fleet.h"
#include "bench/server_program.h"
#include "common/process_hardening.h"
#include "common/secret.h"

namespace tdxvfs::bench {
namespace {

constexpr int kServerCore = 0;
constexpr int kGuestsCore = 1;
// More than the 512 connections that the server admits.
constexpr int kAttemptsAtOnce = 600;
constexpr double kWantedPeakMib = 300;

// All guests come from one address, so its limit is the server's.
constexpr const char* kLimits =
    "connections = 512\n"
    "peer_attestations = 128\n"
    "peer_per_minute = 10000000\n"
    "peer_burst = 1000000\n";

void Tell(const StormFigures& storm, int guests) {
  (void)printf("guests unlocked: %zu of %d, lost: %d, last one after %.1f s\n",
               storm.unlocks.size(), guests, storm.lost, storm.seconds);
  (void)printf(
      "from arrival to unlocked: median %.3f s, p99 %.3f s, longest %.3f s\n",
      Quantile(storm.unlocks, 0.5), Quantile(storm.unlocks, 0.99),
      Quantile(storm.unlocks, 1));
  (void)printf("attempts that succeeded: p99 %.3f s\n",
               Quantile(storm.accepted, 0.99));
  (void)printf("generator late by: p99 %.3f s, longest %.3f s\n",
               Quantile(storm.lateness, 0.99), Quantile(storm.lateness, 1));
  for (const auto& [reason, count] : storm.failures) {
    (void)printf("attempts to be made again: %d %s\n", count, reason.c_str());
  }
}

int Run(const char* program, const StormPlan& plan) {
  const PretendFleet fleet(kLimits);
  (void)fleet.RegisterVolume();
  const ServerProgram server({.program = program,
                              .config = fleet.config(),
                              .folder = fleet.folder(),
                              .core = kServerCore});
  const auto look = [&](int done) {
    const bool is_mark = done == 1 || done == plan.guests / 5 ||
                         done == plan.guests / 2 || done == plan.guests;
    if (is_mark) {
      (void)printf("after %5d releases: %.0f MiB resident\n", done,
                   server.Look().resident);
    }
  };
  const StormFigures storm = Storm(fleet, server.address(), plan, look);
  Tell(storm, plan.guests);
  const double peak = server.Look().peak;
  (void)printf("server: peak %.0f MiB (wanted: below %.0f), CPU %.1f s\n", peak,
               kWantedPeakMib, server.CpuSeconds());
  return storm.lost == 0 && peak > 0 && peak < kWantedPeakMib ? 0 : 1;
}

}  // namespace
}  // namespace tdxvfs::bench

int main(int argc, char** argv) {
  namespace bench = tdxvfs::bench;
  const int guests = argc > 2 ? atoi(argv[2]) : 10'000;
  const int seconds = argc > 3 ? atoi(argv[3]) : 60;
  const int at_once = argc > 4 ? atoi(argv[4]) : bench::kAttemptsAtOnce;
  if (argc < 2 || guests < 5 || seconds < 1 || at_once < 1) {
    (void)fputs(
        "usage: boot_storm_bench SERVER [GUESTS [SECONDS "
        "[ATTEMPTS_AT_ONCE]]]\n",
        stderr);
    return 2;
  }
  bench::Must(tdxvfs::PrepareSecretMemory());
  bench::Must(tdxvfs::AllowOnlyTls13());
  bench::StayOnCore(bench::kGuestsCore);
  return bench::Run(argv[1], {.guests = guests,
                              .over = std::chrono::seconds(seconds),
                              .attempts_at_once = at_once});
}

// SPDX-License-Identifier: Apache-2.0
// What does a key server do with ten times what it may release? Guests of one
// volume arrive at 200 a second for 10 seconds where 20 releases a second are
// allowed, and try again as the agent does until they get through. Beside them
// a peer begins a TLS handshake and never ends it.
// Usage: overload_bench SERVER [volume|peer]
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "bench/guest_storm.h"
#include "bench/must.h"
#include "bench/pretend_fleet.h"
#include "bench/server_program.h"
#include "common/process_hardening.h"
#include "common/secret.h"
#include "common/unique_fd.h"

namespace tdxvfs::bench {
namespace {

constexpr int kServerCore = 0;
constexpr int kGuestsCore = 1;
// Few enough that an attempt waits for the server and not for other guests on
// their core.
constexpr StormPlan kPlan{
    .guests = 2000, .over = std::chrono::seconds(10), .attempts_at_once = 48};
constexpr double kWantedSeconds = 2;
// 5 s of the server's, and its start, during which the peer waits already.
constexpr double kHalfOpenSeconds = 7;
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};

// 20 releases a second of the volume, to guests that satisfy its policy.
constexpr const char* kVolumeLimits =
    "volume_per_minute = 1200\n"
    "volume_burst = 20\n"
    "peer_attestations = 128\n"
    "peer_per_minute = 10000000\n"
    "peer_burst = 1000000\n";
// 20 attempts a second of one address, before anything is proven.
constexpr const char* kPeerLimits =
    "peer_attestations = 128\n"
    "peer_per_minute = 1200\n"
    "peer_burst = 20\n";

// Seconds until the server hangs up on a handshake that goes nowhere.
double HalfOpenSeconds(const std::string& address) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<std::uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1))));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto start = std::chrono::steady_clock::now();
  // The beginning of a TLS record, and never its end.
  MustSystem(
      connect(peer.get(), reinterpret_cast<sockaddr*>(&target),
              sizeof(target)) == 0 &&
          send(peer.get(), "\x16\x03\x01\x02\x00\x01", 6, MSG_NOSIGNAL) == 6,
      "begin a handshake");
  (void)setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience,
                   sizeof(kPatience));
  char byte = 0;
  while (recv(peer.get(), &byte, 1, 0) > 0) {
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

int Tell(const StormFigures& storm, double half_open) {
  const double p99 = Quantile(storm.accepted, 0.99);
  (void)printf("guests unlocked: %zu of %d, lost: %d, last one after %.0f s\n",
               storm.unlocks.size(), kPlan.guests, storm.lost, storm.seconds);
  (void)printf("first attempts: %.0f a second for %.1f s\n",
               kPlan.guests / storm.offered, storm.offered);
  (void)printf("accepted attempts: median %.3f s, p99 %.3f s (wanted: %.0f)\n",
               Quantile(storm.accepted, 0.5), p99, kWantedSeconds);
  for (const auto& [reason, count] : storm.failures) {
    (void)printf("refused attempts: %d %s\n", count, reason.c_str());
  }
  (void)printf("refused without a time to come back: %d\n", storm.without_hint);
  (void)printf("half-open handshake dropped after %.1f s\n", half_open);
  const bool only_overload =
      std::ranges::all_of(storm.failures, [](const auto& failure) {
        return failure.first == InfoOf(Reason::kServerOverloaded).slug;
      });
  const bool held = storm.lost == 0 && storm.without_hint == 0 &&
                    only_overload && p99 < kWantedSeconds &&
                    half_open < kHalfOpenSeconds;
  return held ? 0 : 1;
}

int Run(const char* program, const char* limits) {
  const PretendFleet fleet(limits);
  (void)fleet.RegisterVolume();
  const ServerProgram server({.program = program,
                              .config = fleet.config(),
                              .folder = fleet.folder(),
                              .core = kServerCore});
  double half_open = 0;
  std::jthread peer([&] { half_open = HalfOpenSeconds(server.address()); });
  const StormFigures storm =
      Storm(fleet, server.address(), kPlan, [](int /*done*/) {});
  peer.join();
  return Tell(storm, half_open);
}

}  // namespace
}  // namespace tdxvfs::bench

int main(int argc, char** argv) {
  namespace bench = tdxvfs::bench;
  const std::string limit = argc > 2 ? argv[2] : "volume";
  if (argc < 2 || (limit != "volume" && limit != "peer")) {
    (void)fputs("usage: overload_bench SERVER [volume|peer]\n", stderr);
    return 2;
  }
  bench::Must(tdxvfs::PrepareSecretMemory());
  bench::Must(tdxvfs::AllowOnlyTls13());
  bench::StayOnCore(bench::kGuestsCore);
  return bench::Run(
      argv[1], limit == "peer" ? bench::kPeerLimits : bench::kVolumeLimits);
}

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMISSION_H_
#define TDXVFS_KEYSERVER_ADMISSION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/clock.h"
#include "common/result.h"
#include "keyserver/token_bucket.h"

namespace tdxvfs::keyserver {

// How much unproven peers may ask for at a time (A10, A17).
struct AdmissionLimits {
  std::uint32_t attestations = 128;      // streams before their decision
  std::uint32_t peer_attestations = 32;  // of them from one peer
  std::uint32_t peer_per_minute = 600;   // attempts of one peer, sustained
  std::uint32_t peer_burst = 100;        // attempts of one peer at once
};

// The network that counts as one peer: an IPv4 address, or the first 64 bits
// of an IPv6 address, of which anybody has 2^64. `peer` is gRPC's
// "ipv4:192.0.2.1:4711" or "ipv6:[2001:db8::1]:4711".
std::string PeerNetwork(std::string_view peer);

// Counts attempts and refuses what is above the limits. Thread-safe.
class Admission {
 public:
  // The place of one running attestation, given back when destroyed.
  class Slot {
   public:
    Slot() = default;
    Slot(Admission* admission, std::string network)
        : admission_(admission), network_(std::move(network)) {}
    Slot(Slot&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          network_(std::move(other.network_)) {}
    Slot& operator=(Slot&& other) noexcept;
    ~Slot() { Leave(); }
    void Leave();

   private:
    Admission* admission_ = nullptr;
    std::string network_;
  };

  Admission(const AdmissionLimits& limits, const Clock* clock)
      : clock_(clock), limits_(limits), rate_(RateOf(limits)) {}

  // Counts for whoever comes from now on.
  void SetLimits(const AdmissionLimits& limits);
  // Fails with kServerOverloaded and the seconds to wait.
  Result<Slot> Enter(std::string_view peer);
  // How many were refused since the last call, or 0 when the last one that
  // returned more is less than ten seconds ago: one log line for many.
  std::uint64_t TakeRefusedCount();

 private:
  struct Peer {
    TokenBucket bucket;
    std::uint32_t running = 0;  // streams
  };

  static Rate RateOf(const AdmissionLimits& limits) {
    return {limits.peer_per_minute, limits.peer_burst};
  }
  Result<Slot> EnterLocked(std::string network);
  void ForgetIdlePeers(std::chrono::steady_clock::time_point now);
  void Leave(const std::string& network);

  const Clock* const clock_;
  std::mutex mutex_;
  AdmissionLimits limits_;
  Rate rate_;
  std::unordered_map<std::string, Peer> peers_;
  std::uint32_t running_ = 0;
  std::uint64_t refused_ = 0;
  std::chrono::steady_clock::time_point last_told_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMISSION_H_

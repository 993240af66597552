// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admission.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxPeers = 65536;
constexpr std::uint32_t kRetryWhenFull = 2;  // seconds
constexpr std::chrono::seconds kTellEvery{10};

}  // namespace

std::string PeerNetwork(std::string_view peer) {
  const std::size_t last_colon = peer.rfind(':');
  if (peer.starts_with("ipv4:") && last_colon > 4) {
    return std::string(peer.substr(0, last_colon));
  }
  if (!peer.starts_with("ipv6:")) {
    return std::string(peer);
  }
  // "[address%scope]", where gRPC may write the brackets as %5B and %5D.
  std::string_view address = peer.substr(5, last_colon - 5);
  for (const std::string_view open : {"[", "%5B"}) {
    if (address.starts_with(open)) {
      address.remove_prefix(open.size());
    }
  }
  address = address.substr(0, address.find_first_of("]%"));
  in6_addr bytes{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), &bytes) != 1) {
    return std::string(peer.substr(0, last_colon));
  }
  return "ipv6:" + ToHex(std::span<const std::uint8_t>(bytes.s6_addr).first(8));
}

Admission::Slot& Admission::Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    Leave();
    admission_ = std::exchange(other.admission_, nullptr);
    network_ = std::move(other.network_);
  }
  return *this;
}

void Admission::Slot::Leave() {
  if (admission_ != nullptr) {
    std::exchange(admission_, nullptr)->Leave(network_);
  }
}

void Admission::SetLimits(const AdmissionLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  rate_ = RateOf(limits);
}

Result<Admission::Slot> Admission::Enter(std::string_view peer) {
  const std::lock_guard lock(mutex_);
  auto slot = EnterLocked(PeerNetwork(peer));
  if (!slot.has_value()) {
    ++refused_;
  }
  return slot;
}

Result<Admission::Slot> Admission::EnterLocked(std::string network) {
  const steady_clock::time_point now = clock_->Steady();
  if (running_ >= limits_.attestations) {
    return Error(Reason::kServerOverloaded, "too many attestations at a time")
        .WithRetryAfter(kRetryWhenFull);
  }
  if (peers_.size() >= kMaxPeers) {
    ForgetIdlePeers(now);
  }
  const auto [entry, is_new] = peers_.try_emplace(network);
  Peer& peer = entry->second;
  if (is_new) {
    peer.bucket.Fill(rate_, now);
  }
  if (peer.running >= limits_.peer_attestations) {
    return Error(Reason::kServerOverloaded,
                 "too many attestations of this peer at a time")
        .WithRetryAfter(kRetryWhenFull);
  }
  if (const std::uint32_t wait = peer.bucket.Take(rate_, now); wait != 0) {
    return Error(Reason::kServerOverloaded, "too many attempts of this peer")
        .WithRetryAfter(wait);
  }
  ++peer.running;
  ++running_;
  return Slot(this, std::move(network));
}

// A peer whose bucket is full again and that runs nothing is as good as new.
void Admission::ForgetIdlePeers(steady_clock::time_point now) {
  for (auto entry = peers_.begin(); entry != peers_.end();) {
    const bool idle =
        entry->second.running == 0 && entry->second.bucket.IsFull(rate_, now);
    entry = idle ? peers_.erase(entry) : std::next(entry);
  }
}

void Admission::Leave(const std::string& network) {
  const std::lock_guard lock(mutex_);
  --running_;
  const auto entry = peers_.find(network);
  if (entry != peers_.end()) {
    --entry->second.running;
  }
}

std::uint64_t Admission::TakeRefusedCount() {
  const std::lock_guard lock(mutex_);
  const steady_clock::time_point now = clock_->Steady();
  if (refused_ == 0 || (last_told_ != steady_clock::time_point() &&
                        now - last_told_ < kTellEvery)) {
    return 0;
  }
  last_told_ = now;
  return std::exchange(refused_, 0);
}

}  // namespace tdxvfs::keyserver

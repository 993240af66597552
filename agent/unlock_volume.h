// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_UNLOCK_VOLUME_H_
#define TDXVFS_AGENT_UNLOCK_VOLUME_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "agent/quote_source.h"
#include "agent/volume_config.h"
#include "common/event.h"
#include "common/result.h"
#include "luks/volume.h"

namespace tdxvfs::agent {

enum class UnlockMode : std::uint8_t {
  kOpen,
  // Everything up to the compared grant: the server releases (and records) the
  // key, but nothing is attached, mapped or mounted, and it is told so.
  kCheck,
};

// The time each step took.
struct UnlockTimings {
  std::chrono::microseconds quote{};
  std::chrono::microseconds release{};  // connection, challenge, grant
  std::chrono::microseconds open{};     // the next four together
  std::chrono::microseconds header{};   // checks before anything is attached
  std::chrono::microseconds loop{};
  std::chrono::microseconds crypt{};   // key slot and dm-crypt
  std::chrono::microseconds verity{};  // dm-verity and its first block
  std::chrono::microseconds mount{};
  std::chrono::microseconds total{};
};

struct Unlocked {
  bool already_open = false;  // nothing was asked and nothing changed
  std::uint32_t version = 0;  // 0 when already open
  std::string audit_id;       // empty when the server did not say
  UnlockTimings timings;
};

// What unlocking stands on; tests put others in their place.
struct UnlockParts {
  QuoteSource* quotes = nullptr;
  // The platform's event log; empty: none is sent.
  std::filesystem::path event_log;
  std::function<decltype(luks::OpenVolume)> open_volume = luks::OpenVolume;
  std::function<decltype(luks::CheckAlreadyOpen)> check_already_open =
      luks::CheckAlreadyOpen;
  // Takes a line about something that did not stop the unlocking.
  std::function<void(Event, std::string)> warn;
};

// One attempt: asks the servers in their order and opens the volume with what
// the first that answers grants. A failure leaves nothing behind.
Result<Unlocked> UnlockVolume(const VolumeConfig& config,
                              const UnlockParts& parts, UnlockMode mode);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_UNLOCK_VOLUME_H_

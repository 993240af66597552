// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_WATCH_METRICS_H_
#define TDXVFS_KEYSERVER_WATCH_METRICS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "collateral/collateral_state.h"
#include "common/error.h"

namespace tdxvfs::keyserver {

// What takes time inside a release and is measured by itself.
enum class Step : std::uint8_t {
  kFindVolume,
  kFindVersion,
  kUnsealPassphrase,
  kRecordDecision,
  kRecordOutcome,
};
inline constexpr std::size_t kStepCount =
    static_cast<std::size_t>(Step::kRecordOutcome) + 1;

// Where connections come in.
enum class Door : std::uint8_t { kGuests, kAdminSocket, kAdminPort };
inline constexpr std::size_t kDoorCount =
    static_cast<std::size_t>(Door::kAdminPort) + 1;

// What a door has to tell.
struct DoorLevels {
  std::size_t connections = 0;  // now
  std::uint64_t refused = 0;    // since the start
};

// What is asked for when somebody looks, because it is not counted as it
// happens.
struct Levels {
  std::chrono::system_clock::time_point now;
  bool ready = false;
  std::array<DoorLevels, kDoorCount> doors;
  std::chrono::system_clock::time_point certificate_expires;
  collateral::CollateralState collateral;
};

// What the key server counts for its operators, in the text that Prometheus
// reads. The number of series is fixed by our own tables (reasons, steps,
// doors): neither volumes nor peers are labels, since anybody can make new
// ones up. Thread-safe.
class Metrics {
 public:
  using Seconds = std::chrono::duration<double>;

  explicit Metrics(std::string_view version);
  ~Metrics();

  // A decision and the time from the evidence's arrival until it was made.
  void CountRelease(Seconds decision);
  void CountRefusal(Reason reason, Seconds decision);
  // A refusal that needed no evidence.
  void CountRefusal(Reason reason);
  // An attempt above the limits, which nothing else is written about.
  void CountLimited();
  // "opened", "failed" or "unknown"; anything else counts as unknown.
  void CountOutcome(std::string_view result);
  void CountStream(int change);
  void CountStep(Step step, Seconds time);
  void CountReload(bool done);

  // Prometheus' text format 0.0.4.
  std::string Text(const Levels& levels);

 private:
  struct Series;
  const std::unique_ptr<Series> series_;
};

// Runs `call` and counts the time that it took; without metrics it only runs.
template <typename Call>
auto Timed(Metrics* metrics, Step step, const Call& call) {
  const auto start = std::chrono::steady_clock::now();
  auto result = call();
  if (metrics != nullptr) {
    metrics->CountStep(step, std::chrono::steady_clock::now() - start);
  }
  return result;
}

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_WATCH_METRICS_H_

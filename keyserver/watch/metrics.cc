// SPDX-License-Identifier: Apache-2.0
#include "keyserver/watch/metrics.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace tdxvfs::keyserver {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

constexpr std::array<std::string_view, kStepCount> kSteps = {
    "find-volume", "find-version", "unseal-passphrase", "record-decision",
    "record-outcome"};
constexpr std::array<std::string_view, kDoorCount> kDoors = {
    "guests", "admin-socket", "admin-port"};
constexpr std::array<std::string_view, 3> kResults = {"opened", "failed",
                                                      "unknown"};

// Seconds. A decision takes about a millisecond plus one sync of the disk; a
// guest of a platform that was never seen waits for its collateral.
const Histogram::BucketBoundaries kDecisionBuckets = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20};
const Histogram::BucketBoundaries kStepBuckets = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
    0.025,  0.05,    0.1,    0.25,  0.5,    1,     2.5};

double UnixSeconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

template <std::size_t kSize>
Labels Label(const char* name,
             const std::array<std::string_view, kSize>& values,
             std::size_t index) {
  return {{name, std::string(values.at(index))}};
}

}  // namespace

struct Metrics::Series {
  prometheus::Registry registry;

  Counter& AddCounter(const char* name, const char* help,
                      const Labels& labels = {}) {
    return prometheus::BuildCounter()
        .Name(name)
        .Help(help)
        .Register(registry)
        .Add(labels);
  }
  Gauge& AddGauge(const char* name, const char* help,
                  const Labels& labels = {}) {
    return prometheus::BuildGauge()
        .Name(name)
        .Help(help)
        .Register(registry)
        .Add(labels);
  }
  Histogram& AddHistogram(const char* name, const char* help,
                          const Labels& labels,
                          const Histogram::BucketBoundaries& buckets) {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(help)
        .Register(registry)
        .Add(labels, buckets);
  }

  Counter& releases =
      AddCounter("tdxvfs_releases_total", "Keys released to guests.");
  Family<Counter>& refusals = prometheus::BuildCounter()
                                  .Name("tdxvfs_refusals_total")
                                  .Help("Guests refused, by reason.")
                                  .Register(registry);
  Counter& limited =
      AddCounter("tdxvfs_limited_total",
                 "Attempts above the limits, refused before anything else.");
  Family<Histogram>& decisions =
      prometheus::BuildHistogram()
          .Name("tdxvfs_decision_seconds")
          .Help("From a guest's evidence to the decision about it.")
          .Register(registry);
  Histogram& released_time =
      decisions.Add({{"verdict", "released"}}, kDecisionBuckets);
  Histogram& refused_time =
      decisions.Add({{"verdict", "refused"}}, kDecisionBuckets);
  Gauge& streams =
      AddGauge("tdxvfs_open_streams", "Exchanges with guests under way.");
  Counter& reloads_done =
      AddCounter("tdxvfs_reloads_total", "Reloads of the configuration.",
                 {{"result", "done"}});
  Counter& reloads_refused =
      AddCounter("tdxvfs_reloads_total", "Reloads of the configuration.",
                 {{"result", "refused"}});
  std::array<Counter*, kResults.size()> outcomes{};
  std::array<Histogram*, kStepCount> steps{};

  // What is set when somebody looks; one at a time.
  std::mutex mutex;
  Gauge& ready = AddGauge("tdxvfs_ready",
                          "1 when guests are served: what /readyz answers.");
  std::array<Gauge*, kDoorCount> connections{};
  std::array<Counter*, kDoorCount> connections_refused{};
  Gauge& certificate_expiry =
      AddGauge("tdxvfs_certificate_expiry_timestamp_seconds",
               "When the served certificate expires.");
  Family<Gauge>& collateral_sets =
      prometheus::BuildGauge()
          .Name("tdxvfs_collateral_sets")
          .Help("Sets of collateral, one per kind of platform.")
          .Register(registry);
  Gauge& usable = collateral_sets.Add({{"state", "usable"}});
  Gauge& expired = collateral_sets.Add({{"state", "expired"}});
  Gauge& missing = collateral_sets.Add({{"state", "missing"}});
  Family<Gauge>& collateral_age =
      prometheus::BuildGauge()
          .Name("tdxvfs_collateral_age_seconds")
          .Help("Since Intel issued the oldest TCB info in use.")
          .Register(registry);
  Family<Gauge>& collateral_expiry =
      prometheus::BuildGauge()
          .Name("tdxvfs_collateral_expiry_timestamp_seconds")
          .Help("When the first set in use expires.")
          .Register(registry);

  explicit Series(std::string_view version) {
    AddGauge("tdxvfs_build_info", "The version that runs; always 1.",
             {{"version", std::string(version)}})
        .Set(1);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes.at(i) =
          &AddCounter("tdxvfs_outcomes_total", "What became of released keys.",
                      Label("result", kResults, i));
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps.at(i) = &AddHistogram("tdxvfs_step_seconds",
                                  "Calls of the store and the audit log.",
                                  Label("step", kSteps, i), kStepBuckets);
    }
    for (std::size_t i = 0; i < kDoorCount; ++i) {
      connections.at(i) = &AddGauge("tdxvfs_connections", "Open connections.",
                                    Label("door", kDoors, i));
      connections_refused.at(i) =
          &AddCounter("tdxvfs_connections_refused_total",
                      "Connections above the limit or not allowed in.",
                      Label("door", kDoors, i));
    }
  }

  void Set(const Levels& levels);
  void SetCollateral(const collateral::CollateralState& state,
                     std::chrono::system_clock::time_point now);
};

void Metrics::Series::Set(const Levels& levels) {
  ready.Set(levels.ready ? 1 : 0);
  for (std::size_t i = 0; i < kDoorCount; ++i) {
    const DoorLevels& door = levels.doors.at(i);
    connections.at(i)->Set(static_cast<double>(door.connections));
    Counter* const refused = connections_refused.at(i);
    refused->Increment(static_cast<double>(door.refused) - refused->Value());
  }
  certificate_expiry.Set(UnixSeconds(levels.certificate_expires));
  SetCollateral(levels.collateral, levels.now);
}

// A level that nothing is known of is left out rather than told as 0.
void Metrics::Series::SetCollateral(const collateral::CollateralState& state,
                                    std::chrono::system_clock::time_point now) {
  usable.Set(static_cast<double>(state.usable));
  expired.Set(static_cast<double>(state.expired));
  missing.Set(static_cast<double>(state.missing));
  Gauge& age = collateral_age.Add({});
  Gauge& expiry = collateral_expiry.Add({});
  if (state.oldest_issue.has_value() && state.first_expiry.has_value()) {
    age.Set(UnixSeconds(now) - UnixSeconds(*state.oldest_issue));
    expiry.Set(UnixSeconds(*state.first_expiry));
  } else {
    collateral_age.Remove(&age);
    collateral_expiry.Remove(&expiry);
  }
}

Metrics::Metrics(std::string_view version)
    : series_(std::make_unique<Series>(version)) {}

Metrics::~Metrics() = default;

void Metrics::CountRelease(Seconds decision) {
  series_->releases.Increment();
  series_->released_time.Observe(decision.count());
}

void Metrics::CountRefusal(Reason reason, Seconds decision) {
  series_->refused_time.Observe(decision.count());
  CountRefusal(reason);
}

void Metrics::CountRefusal(Reason reason) {
  series_->refusals.Add({{"reason", std::string(InfoOf(reason).slug)}})
      .Increment();
}

void Metrics::CountLimited() { series_->limited.Increment(); }

void Metrics::CountOutcome(std::string_view result) {
  const auto* const found = std::ranges::find(kResults, result);
  const auto index = static_cast<std::size_t>(found - kResults.begin());
  series_->outcomes.at(std::min(index, kResults.size() - 1))->Increment();
}

void Metrics::CountStream(int change) { series_->streams.Increment(change); }

void Metrics::CountStep(Step step, Seconds time) {
  series_->steps.at(static_cast<std::size_t>(step))->Observe(time.count());
}

void Metrics::CountReload(bool done) {
  (done ? series_->reloads_done : series_->reloads_refused).Increment();
}

std::string Metrics::Text(const Levels& levels) {
  const std::lock_guard lock(series_->mutex);
  series_->Set(levels);
  return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace tdxvfs::keyserver

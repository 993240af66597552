// SPDX-License-Identifier: Apache-2.0
#include "bench/guest_storm.h"

#include <stdio.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <utility>

#include <absl/synchronization/mutex.h>

#include "agent/retry_plan.h"
#include "bench/guest_client.h"

namespace tdxvfs::bench {
namespace {

using std::chrono::steady_clock;
using TimePoint = steady_clock::time_point;

double Seconds(steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// One guest on its way through its attempts.
struct Guest {
  TimePoint arrival;
  bool tried = false;
  // As `unlock --wait` has it. The limit ends a storm on a server that died.
  agent::RetryPlan retries{std::chrono::minutes(15), std::chrono::minutes(10),
                           agent::RandomFraction};
};

class Generator {
 public:
  Generator(const PretendFleet& fleet, std::string address,
            const std::function<void(int)>& unlocked)
      : fleet_(fleet),
        credentials_(GuestCredentials(fleet)),
        address_(std::move(address)),
        unlocked_(unlocked) {}

  StormFigures Run(const StormPlan& plan) {
    start_ = steady_clock::now();
    for (int i = 0; i < plan.guests; ++i) {
      auto guest = std::make_unique<Guest>();
      guest->arrival =
          start_ + std::chrono::nanoseconds(plan.over) * i / plan.guests;
      waiting_.emplace(guest->arrival, std::move(guest));
    }
    under_way_ = plan.guests;
    {
      std::vector<std::jthread> threads;
      threads.reserve(static_cast<std::size_t>(plan.attempts_at_once));
      for (int i = 0; i < plan.attempts_at_once; ++i) {
        threads.emplace_back([this] { Work(); });
      }
      CallWhoIsDue();
    }
    figures_.seconds = Seconds(steady_clock::now() - start_);
    std::ranges::sort(figures_.unlocks);
    std::ranges::sort(figures_.accepted);
    std::ranges::sort(figures_.lateness);
    return std::move(figures_);
  }

 private:
  // Until all are done.
  void CallWhoIsDue() {
    std::unique_lock lock(mutex_);
    while (under_way_ > 0) {
      if (waiting_.empty()) {
        waiting_changed_.wait(lock);
        continue;
      }
      const auto first = waiting_.begin();
      if (const TimePoint due = first->first; due > steady_clock::now()) {
        waiting_changed_.wait_until(lock, due);
        continue;
      }
      DueLike(*first->second).push(std::move(first->second));
      waiting_.erase(first);
      due_changed_.notify_one();
    }
    due_changed_.notify_all();
  }

  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      due_changed_.wait(lock, [this] {
        return under_way_ == 0 || !arrived_.empty() || !come_back_.empty();
      });
      auto& due = arrived_.empty() ? come_back_ : arrived_;
      if (due.empty()) {
        return;
      }
      auto guest = std::move(due.front());
      due.pop();
      lock.unlock();
      const TimePoint start = steady_clock::now();
      const Result<void> unlocked = Unlock();
      const TimePoint end = steady_clock::now();
      lock.lock();
      if (!std::exchange(guest->tried, true)) {
        figures_.lateness.push_back(Seconds(start - guest->arrival));
        figures_.offered = std::max(figures_.offered, Seconds(start - start_));
      }
      if (unlocked.has_value()) {
        figures_.accepted.push_back(Seconds(end - start));
        figures_.unlocks.push_back(Seconds(end - guest->arrival));
        unlocked_(static_cast<int>(figures_.unlocks.size()));
        Leave();
      } else {
        Fail(std::move(guest), unlocked.error(), end);
      }
    }
  }

  std::queue<std::unique_ptr<Guest>>& DueLike(const Guest& guest) {
    return guest.tried ? come_back_ : arrived_;
  }

  void Leave() {
    if (--under_way_ == 0) {
      waiting_changed_.notify_one();
    }
  }

  void Fail(std::unique_ptr<Guest> guest, const Error& error, TimePoint now) {
    ++figures_.failures[std::string(InfoOf(error.reason()).slug)];
    if (error.reason() == Reason::kServerOverloaded &&
        error.retry_after_seconds() == 0) {
      ++figures_.without_hint;
    }
    const auto delay = guest->retries.Next(
        error, std::chrono::duration_cast<std::chrono::milliseconds>(
                   now - guest->arrival));
    if (!delay.has_value()) {
      (void)fprintf(stderr, "a guest gives up: %s\n", error.ToString().c_str());
      ++figures_.lost;
      return Leave();
    }
    waiting_.emplace(now + *delay, std::move(guest));
    waiting_changed_.notify_one();
  }

  Result<void> Unlock() const {
    RETURN_IF_ERROR(
        GuestClient(fleet_, credentials_, address_, GuestClient::Answers::kReal)
            .Unlock());
    return {};
  }

  const PretendFleet& fleet_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  const std::string address_;
  const std::function<void(int)>& unlocked_;
  TimePoint start_;
  std::mutex mutex_;
  std::condition_variable waiting_changed_;
  std::multimap<TimePoint, std::unique_ptr<Guest>> waiting_;
  std::condition_variable due_changed_;
  // First attempts go before others, so that guests arrive at the planned rate
  // also where their core has no time for everybody who comes back.
  std::queue<std::unique_ptr<Guest>> arrived_;
  std::queue<std::unique_ptr<Guest>> come_back_;
  int under_way_ = 0;
  StormFigures figures_;
};

}  // namespace

StormFigures Storm(const PretendFleet& fleet, const std::string& address,
                   const StormPlan& plan,
                   const std::function<void(int done)>& unlocked) {
  // As the server does: one core has to be enough for all guests.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return Generator(fleet, address, unlocked).Run(plan);
}

double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) {
    return 0;
  }
  const auto rank = static_cast<std::size_t>(
      std::ceil(share * static_cast<double>(sorted.size())));
  return sorted.at(std::clamp<std::size_t>(rank, 1, sorted.size()) - 1);
}

}  // namespace tdxvfs::bench

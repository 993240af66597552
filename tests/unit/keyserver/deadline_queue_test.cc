// SPDX-License-Identifier: Apache-2.0
#include "keyserver/deadline_queue.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>

#include <gtest/gtest.h>

#include "keyserver/work_queue.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(DeadlineQueue, CallsASoonerOneThatCameLater) {
  std::latch called(1);
  DeadlineQueue queue;
  queue.After(hours(1), [] { FAIL(); });
  queue.After(milliseconds(1), [&called] { called.count_down(); });
  called.wait();
}

TEST(DeadlineQueue, CallsWhatIsDueAtOnce) {
  std::latch called(2);
  DeadlineQueue queue;
  queue.After(milliseconds(0), [&called] { called.count_down(); });
  queue.After(milliseconds(0), [&called] { called.count_down(); });
  called.wait();
}

TEST(DeadlineQueue, DropsWhatWasCancelledAndWhatItsCallbackHeld) {
  const auto held = std::make_shared<int>(1);
  DeadlineQueue queue;
  const DeadlineQueue::Id id = queue.After(hours(1), [held] {});
  EXPECT_EQ(held.use_count(), 2);
  queue.Cancel(id);
  EXPECT_EQ(held.use_count(), 1);
  queue.Cancel(id);
  queue.Cancel(0);
}

TEST(DeadlineQueue, DropsWhatIsNotDueWhenItEnds) {
  const auto held = std::make_shared<int>(1);
  {
    DeadlineQueue queue;
    queue.After(hours(1), [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(WorkQueue, RunsEveryJobBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    WorkQueue work(4);
    for (int i = 0; i < 1000; ++i) {
      work.Post([&ran] { ++ran; });
    }
  }
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace tdxvfs::keyserver

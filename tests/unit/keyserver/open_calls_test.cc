// SPDX-License-Identifier: Apache-2.0
#include "keyserver/open_calls.h"

#include <latch>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace tdxvfs::keyserver {
namespace {

TEST(OpenCalls, GoesAtOnceWithoutCalls) {
  OpenCalls calls;
  { const OpenCalls::Place place(&calls); }
}

// Without the wait the thread sanitizer sees a race for `used`.
TEST(OpenCalls, WaitsForTheLastCall) {
  int used = 0;
  std::latch open(2);
  auto calls = std::make_unique<OpenCalls>();
  std::jthread first([&] {
    const OpenCalls::Place place(calls.get());
    open.arrive_and_wait();
  });
  std::jthread second([&] {
    const OpenCalls::Place place(calls.get());
    open.arrive_and_wait();
    first.join();
    used = 1;
  });
  open.wait();
  calls.reset();
  EXPECT_EQ(used, 1);
}

}  // namespace
}  // namespace tdxvfs::keyserver

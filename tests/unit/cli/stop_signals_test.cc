// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signals.h"

#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

TEST(StopSignals, AreOnlyNotedWhileItLives) {
  const auto die_late = [] {
    {
      StopSignals signals;
      (void)::raise(SIGTERM);
      if (!StopSignals::Came()) {
        ::_exit(1);
      }
    }
    (void)::raise(SIGHUP);
    ::_exit(2);
  };
  EXPECT_EXIT(die_late(), ::testing::KilledBySignal(SIGHUP), "");
}

TEST(StopSignals, EndTheProcessAsTheyWouldHave) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const auto die = [number] {
      StopSignals signals;
      (void)::raise(number);
      signals.DieIfCame();
      ::_exit(1);
    };
    EXPECT_EXIT(die(), ::testing::KilledBySignal(number), "");
  }
}

TEST(StopSignals, WhatWasIgnoredStaysSo) {
  const auto live = [] {
    (void)std::signal(SIGHUP, SIG_IGN);
    StopSignals signals;
    (void)::raise(SIGHUP);
    signals.DieIfCame();
    ::_exit(StopSignals::Came() ? 1 : 0);
  };
  EXPECT_EXIT(live(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include "luks/activate_mapping.h"

#include <errno.h>

#include <gtest/gtest.h>

namespace tdxvfs::luks {
namespace {

TEST(ActivateMapping, TriesATableThatTheKernelDoesNotTakeAgain) {
  for (const int refused : {-ENODEV, -EBUSY}) {
    int calls = 0;
    const auto activate = [&] { return ++calls < 3 ? refused : 7; };
    EXPECT_EQ(ActivateMapping(activate).code, 7);
    EXPECT_EQ(calls, 3);
  }
}

TEST(ActivateMapping, GivesUpInTheEnd) {
  int calls = 0;
  EXPECT_EQ(ActivateMapping([&] {
              ++calls;
              return -ENODEV;
            }).code,
            -ENODEV);
  EXPECT_EQ(calls, 25);
}

TEST(ActivateMapping, AsksOnceForWhatDoesNotPass) {
  for (const int code : {0, 7, -EPERM, -EEXIST, -EINVAL}) {
    int calls = 0;
    EXPECT_EQ(ActivateMapping([&] {
                ++calls;
                return code;
              }).code,
              code);
    EXPECT_EQ(calls, 1);
  }
}

}  // namespace
}  // namespace tdxvfs::luks

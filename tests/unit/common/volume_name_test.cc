// SPDX-License-Identifier: Apache-2.0
#include "common/volume_name.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

TEST(VolumeName, TakesLettersDigitsAndThreeMarks) {
  for (const std::string& name :
       {std::string("a"), std::string("0"), std::string("resnet-50.v1_5"),
        std::string("a.."), std::string(48, 'z')}) {
    EXPECT_THAT(CheckVolumeName(name), Succeeds()) << name;
  }
}

TEST(VolumeName, RefusesWhatCouldEscapeAPathOrAUnitName) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("-a"),
        std::string("_a"), std::string("A"), std::string("aB"),
        std::string("a/b"), std::string("../a"), std::string("a b"),
        std::string("a\n"), std::string("a\0", 2), std::string("a@b"),
        std::string("\xc3\xa9"), std::string(49, 'z')}) {
    EXPECT_THAT(CheckVolumeName(name), Fails(Reason::kVolumeNameInvalid))
        << name;
  }
}

}  // namespace
}  // namespace tdxvfs

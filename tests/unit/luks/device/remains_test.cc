// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "luks/device_mapper.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::ChildProcess;
using testing::DeviceTest;
using testing::RunTool;
using testing::Slurp;
using testing::StateOf;
using testing::Succeeds;

namespace fs = std::filesystem;

constexpr const char* kMapping = "tdxvfs-crypt-dt-one";
// As a killed opening would have left it, of another version of the volume.
constexpr const char* kUuid =
    "CRYPT-LUKS2-00112233445566778899aabbccddeeff-tdxvfs-crypt-dt-one";

class RemainsTest : public DeviceTest {
 protected:
  void ExpectOpensAndCloses() {
    ASSERT_THAT(Open(folder_.path() / "model.img", Place()), Succeeds());
    EXPECT_EQ(Slurp(Place().mount_point / "config.json"),
              R"({"name":"resnet"})");
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
    ExpectNothingLeft();
  }
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped()) {
      (void)CopyOf("model.img");
    }
  }
};

TEST_F(RemainsTest, D10_AMappingWithoutATableIsCleanedUpByOpening) {
  ASSERT_EQ(RunTool({"dmsetup", "create", "--notable", "-u", kUuid, kMapping})
                .exit_code,
            0);
  EXPECT_EQ(StateOf(Place()).kind, VolumeState::Kind::kPartial);
  ExpectOpensAndCloses();
}

TEST_F(RemainsTest, D10_AMappingLoadedButNotResumedIsCleanedUpByClosing) {
  ASSERT_EQ(RunTool({"dmsetup", "create", "--notable", "-u", kUuid, kMapping})
                .exit_code,
            0);
  ASSERT_EQ(
      RunTool({"dmsetup", "load", kMapping, "--table", "0 8 error"}).exit_code,
      0);
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
  ExpectOpensAndCloses();
}

TEST_F(RemainsTest, D10_AHalfMadeVerityDeviceIsCleanedUp) {
  constexpr const char* verity = "tdxvfs-verity-dt-one";
  constexpr const char* uuid = "CRYPT-VERITY-tdxvfs-verity-dt-one";
  for (const bool loaded : {false, true}) {
    // dm-crypt is whole and held by what was loaded on it.
    ASSERT_THAT(Open(folder_.path() / "model.img", Place()), Succeeds());
    ASSERT_EQ(::umount2(Place().mount_point.c_str(), 0), 0);
    ASSERT_EQ(RunTool({"dmsetup", "remove", "--retry", verity}).exit_code, 0);
    ASSERT_EQ(RunTool({"dmsetup", "create", "--notable", "-u", uuid, verity})
                  .exit_code,
              0);
    if (loaded) {
      ASSERT_EQ(
          RunTool({"dmsetup", "load", verity, "--table",
                   std::string("0 8 linear /dev/mapper/") + kMapping + " 0"})
              .exit_code,
          0);
    }
    const VolumeState state = StateOf(Place());
    EXPECT_EQ(state.kind, VolumeState::Kind::kPartial);
    EXPECT_EQ(state.verity, verity);
    ExpectOpensAndCloses();
  }
}

TEST_F(RemainsTest, D10_AVerityDeviceWithoutAMountIsCleanedUpByClosing) {
  ASSERT_THAT(Open(folder_.path() / "model.img", Place()), Succeeds());
  ASSERT_EQ(::umount2(Place().mount_point.c_str(), 0), 0);
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
}

TEST_F(RemainsTest, D10_AMappingWithoutAMountIsCleanedUpByOpening) {
  ASSERT_THAT(Open(folder_.path() / "model.img", Place()), Succeeds());
  ASSERT_EQ(::umount2(Place().mount_point.c_str(), 0), 0);
  EXPECT_EQ(StateOf(Place()).kind, VolumeState::Kind::kPartial);
  ExpectOpensAndCloses();
}

// Kills an opening at points spread over the time that one takes here, and a
// little beyond.
TEST_F(RemainsTest, D10_AnOpeningKilledAtAnyPointLeavesNothingForGood) {
  const fs::path image = folder_.path() / "model.img";
  const auto start = std::chrono::steady_clock::now();
  ASSERT_THAT(Open(image, Place()), Succeeds());
  const auto whole = std::chrono::steady_clock::now() - start;
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  constexpr int points = 16;
  int partial = 0;
  for (int point = 1; point <= points + 2; ++point) {
    ChildProcess child(
        [&] { return Open(image, Place()).has_value() ? 0 : 1; });
    std::this_thread::sleep_for(whole * point / points);
    child.Kill();
    const VolumeState state = StateOf(Place());
    partial += state.kind == VolumeState::Kind::kPartial ? 1 : 0;
    if (point % 2 == 0 && state.kind != VolumeState::Kind::kOpen) {
      ASSERT_THAT(Open(image, Place()), Succeeds()) << point;
    }
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds())
        << point;
    ExpectNothingLeft();
  }
  (void)::printf("%d kill points, %d left a mapping behind\n", points + 2,
                 partial);
}

}  // namespace
}  // namespace tdxvfs::luks

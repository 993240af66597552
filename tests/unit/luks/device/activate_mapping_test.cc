// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a table, and a device below that somebody holds.
#include "luks/activate_mapping.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "common/unique_fd.h"
#include "luks/verity_device.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::DeviceTest;
using testing::Succeeds;

constexpr const char* kBelow = "/dev/mapper/dt-plain";
constexpr const char* kName = "tdxvfs-verity-dt-one";

class ActivateMappingTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped()) {
      const std::filesystem::path image = CopyOf("model.img");
      verity_ = ManifestWith(testing::UuidOf(image)).value().verity.value();
      OpenPlain(image, /*read_only=*/true);
    }
  }
  void TearDown() override {
    if (!IsSkipped()) {
      ClosePlain();
    }
    DeviceTest::TearDown();
  }
  VerityParameters verity_;
};

TEST_F(ActivateMappingTest, ARefusedTableIsToldInTheKernelsWords) {
  verity_.hash_start_block += 1'000'000;
  const auto mapped = MapVerity(kBelow, kName, verity_);
  ASSERT_FALSE(mapped.has_value());
  EXPECT_EQ(mapped.error().reason(), Reason::kMappingFailed);
  EXPECT_NE(mapped.error().message().find("reload ioctl"), std::string::npos)
      << mapped.error().message();
}

TEST_F(ActivateMappingTest, WhatHoldsTheDeviceForAMomentIsWaitedFor) {
  UniqueFd holder(::open(kBelow, O_RDONLY | O_EXCL | O_CLOEXEC));
  ASSERT_TRUE(holder.valid());
  EXPECT_FALSE(MapVerity(kBelow, kName, verity_).has_value());
  std::thread letting_go([&holder] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    holder = UniqueFd();
  });
  EXPECT_THAT(MapVerity(kBelow, kName, verity_), Succeeds());
  letting_go.join();
}

}  // namespace
}  // namespace tdxvfs::luks

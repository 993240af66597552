// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "luks/device_mapper.h"
#include "luks/owned_mapping.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::ChildProcess;
using testing::DeviceTest;
using testing::Fails;
using testing::RunTool;
using testing::Signal;
using testing::Slurp;
using testing::StateOf;
using testing::Succeeds;

namespace fs = std::filesystem;

class CloseVolumeTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped()) {
      ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
    }
  }
  // A file of the volume: it is usable.
  void ExpectUsable() const {
    EXPECT_EQ(Slurp(Place().mount_point / "config.json"),
              R"({"name":"resnet"})");
    EXPECT_EQ(StateOf(Place()).kind, VolumeState::Kind::kOpen);
  }
  // Closing while a child does `hold` is busy and names the child; the volume
  // stays usable, and closes once the child is gone.
  void ExpectBusyWhile(const std::function<bool()>& hold) {
    const Signal ready;
    const Signal leave;
    ChildProcess child([&] {
      const bool held = hold();
      ready.Give();
      leave.Await();
      return held ? 0 : 1;
    });
    ready.Await();
    std::vector<Holder> holders;
    EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, &holders),
                Fails(Reason::kVolumeBusy));
    const bool named =
        std::any_of(holders.begin(), holders.end(), [&](const Holder& holder) {
          return holder.pid == child.pid() &&
                 holder.command.find("luks_device_test") != std::string::npos;
        });
    EXPECT_TRUE(named) << holders.size();
    ExpectUsable();
    leave.Give();
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
    ExpectNothingLeft();
  }
};

TEST_F(CloseVolumeTest, ClosingTwiceIsSuccess) {
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kLazy, nullptr), Succeeds());
  ExpectNothingLeft();
}

TEST_F(CloseVolumeTest, BusyByAWorkingDirectory) {
  ExpectBusyWhile([&] { return ::chdir(Place().mount_point.c_str()) == 0; });
}

TEST_F(CloseVolumeTest, BusyByAnOpenFile) {
  ExpectBusyWhile([&] {
    return ::open((Place().mount_point / "config.json").c_str(),
                  O_RDONLY | O_CLOEXEC) >= 0;
  });
}

TEST_F(CloseVolumeTest, BusyByAMappedFile) {
  ExpectBusyWhile([&] {
    const int file = ::open((Place().mount_point / "config.json").c_str(),
                            O_RDONLY | O_CLOEXEC);
    void* const start = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    return start != MAP_FAILED;
  });
}

TEST_F(CloseVolumeTest, BusyByTheDeviceItself) {
  ExpectBusyWhile([&] {
    return ::open(MappingPath(VerityMappingName("dt-one")).c_str(),
                  O_RDONLY | O_CLOEXEC) >= 0;
  });
}

// dm-verity has gone by then and must come back.
TEST_F(CloseVolumeTest, BusyByTheDeviceBelowVerity) {
  ExpectBusyWhile([&] {
    return ::open(MappingPath(CryptMappingName("dt-one")).c_str(),
                  O_RDONLY | O_CLOEXEC) >= 0;
  });
}

TEST_F(CloseVolumeTest, BusyByAnotherMountNamespace) {
  ExpectBusyWhile([&] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  });
}

TEST_F(CloseVolumeTest, BusyByABindMountThatTheErrorNames) {
  const fs::path other = folder_.path() / "other";
  fs::create_directory(other);
  ASSERT_EQ(::mount((Place().mount_point / "1").c_str(), other.c_str(), nullptr,
                    MS_BIND, nullptr),
            0);
  const auto closed = CloseVolume(Place(), CloseMode::kNormal, nullptr);
  EXPECT_THAT(closed, Fails(Reason::kVolumeBusy));
  EXPECT_NE(Result<void>(closed).error().ToString().find(other.string()),
            std::string::npos);
  ExpectUsable();
  ASSERT_EQ(::umount2(other.c_str(), 0), 0);
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
}

TEST_F(CloseVolumeTest, NoMoreThanFiveHoldersAreNamed) {
  const Signal ready;
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (int i = 0; i < 7; ++i) {
    children.push_back(std::make_unique<ChildProcess>([&] {
      const int moved = ::chdir(Place().mount_point.c_str());
      ready.Give();
      ::pause();
      return moved;
    }));
    ready.Await();
  }
  std::vector<Holder> holders;
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, &holders),
              Fails(Reason::kVolumeBusy));
  EXPECT_EQ(holders.size(), 5U);
}

TEST_F(CloseVolumeTest, LazyLetsTheHolderFinishAndThenNothingIsLeft) {
  const Signal ready;
  const Signal detached;
  ChildProcess child([&] {
    const int file = ::open((Place().mount_point / "config.json").c_str(),
                            O_RDONLY | O_CLOEXEC);
    ready.Give();
    detached.Await();
    char byte = 0;
    return ::read(file, &byte, 1) == 1 && byte == '{' ? 0 : 1;
  });
  ready.Await();
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kLazy, nullptr), Succeeds());
  EXPECT_FALSE(fs::exists(Place().mount_point / "config.json"));
  EXPECT_EQ(StateOf(Place()).kind, VolumeState::Kind::kPartial);
  EXPECT_THAT(Open(CopyOf("next.img"), Place()), Fails(Reason::kVolumeInUse));
  std::vector<Holder> holders;
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, &holders),
              Fails(Reason::kVolumeBusy));
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders[0].pid, child.pid());
  detached.Give();
  EXPECT_EQ(child.Wait(), 0);
  ExpectNothingLeft();
  EXPECT_THAT(Open(folder_.path() / "next.img", Place()), Succeeds());
}

// What a failed opening made, while a probe of somebody else holds it.
TEST_F(CloseVolumeTest, AHeldMappingOfAFailedOpeningGoesWithItsHolder) {
  const std::string name = CryptMappingName("dt-two");
  ASSERT_EQ(
      RunTool({"dmsetup", "create", name, "--table", "0 8 error"}).exit_code,
      0);
  UniqueFd holder(::open(MappingPath(name).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(holder.valid());
  { const OwnedMapping mapping(name); }
  ASSERT_OK_AND_ASSIGN(const MappingInfo held, InspectMapping(name));
  EXPECT_TRUE(held.exists);
  holder.Reset();
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
}

class ForeignMappingTest : public CloseVolumeTest,
                           public ::testing::WithParamInterface<const char*> {};

TEST_P(ForeignMappingTest, IsNotTouched) {
  ASSERT_EQ(RunTool({"dmsetup", "create", GetParam(), "--table", "0 8 error"})
                .exit_code,
            0);
  const VolumePlace place = Place("dt-two");
  ASSERT_OK_AND_ASSIGN(const ImageFile image,
                       ImageFile::Open(folder_.path() / "model.img"));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  EXPECT_THAT(CheckAlreadyOpen(header, place), Fails(Reason::kVolumeInUse));
  EXPECT_THAT(Open(folder_.path() / "model.img", place),
              Fails(Reason::kVolumeInUse));
  EXPECT_THAT(CloseVolume(place, CloseMode::kNormal, nullptr),
              Fails(Reason::kVolumeInUse));
  EXPECT_THAT(CloseVolume(place, CloseMode::kLazy, nullptr),
              Fails(Reason::kVolumeInUse));
  EXPECT_EQ(StateOf(place).kind, VolumeState::Kind::kLocked);
  EXPECT_EQ(RunTool({"dmsetup", "remove", "--retry", GetParam()}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(CloseVolume, ForeignMappingTest,
                         ::testing::Values("tdxvfs-crypt-dt-two",
                                           "tdxvfs-verity-dt-two"),
                         [](const auto& row) {
                           return std::string(row.param).find("crypt") ==
                                          std::string::npos
                                      ? "Verity"
                                      : "Crypt";
                         });

TEST_F(CloseVolumeTest, AnOpenVolumeIsRecognisedAndNotOpenedTwice) {
  ASSERT_OK_AND_ASSIGN(const ImageFile image,
                       ImageFile::Open(folder_.path() / "model.img"));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  EXPECT_THAT(CheckAlreadyOpen(header, Place()), Succeeds());
  EXPECT_THAT(Open(folder_.path() / "model.img", Place()),
              Fails(Reason::kVolumeInUse));
  ExpectUsable();

  ASSERT_OK_AND_ASSIGN(const ImageFile next,
                       ImageFile::Open(CopyOf("next.img")));
  ASSERT_OK_AND_ASSIGN(const Header next_header,
                       Header::Read(next, kDefaultHeaderSize));
  EXPECT_THAT(CheckAlreadyOpen(next_header, Place()),
              Fails(Reason::kVolumeInUse));

  VolumePlace elsewhere = Place();
  elsewhere.mount_point = folder_.path() / "mnt" / "elsewhere";
  EXPECT_FALSE(CheckAlreadyOpen(header, elsewhere).has_value());
  ExpectUsable();

  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_THAT(CheckAlreadyOpen(header, Place()), Fails(Reason::kVolumeNotOpen));
}

TEST_F(CloseVolumeTest, TwelvePairsOfOpenAndCloseLeaveNothing) {
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  for (int i = 0; i < 12; ++i) {
    ASSERT_THAT(Open(folder_.path() / "model.img", Place()), Succeeds()) << i;
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds())
        << i;
  }
  ExpectNothingLeft();
}

}  // namespace
}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/sha256.h"
#include "luks/device_mapper.h"
#include "luks/inspect.h"
#include "luks/mount_point.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::ChildProcess;
using testing::DeviceTest;
using testing::EditMetadata;
using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::RunTool;
using testing::SecretOf;
using testing::Signal;
using testing::Slurp;
using testing::Spill;
using testing::StateOf;
using testing::Succeeds;
using testing::Tree;
using testing::UuidOf;

namespace fs = std::filesystem;

class OpenVolumeTest : public DeviceTest {
 protected:
  // The files that every fixture holds.
  std::map<std::string, std::string> Model() const {
    const fs::path model = folder_.path() / "model";
    MakeModel(model, testing::kModelSize);
    auto tree = Tree(model);
    fs::remove_all(model);
    return tree;
  }
};

TEST_F(OpenVolumeTest, EveryFileIsServedByteForByte) {
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  EXPECT_EQ(Tree(Place().mount_point), Model());
  EXPECT_EQ(warnings_, std::vector<std::string>{});
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, SquashfsAndExt4AreServedByteForByte) {
  for (const char* fixture : {"squashfs.img", "our_ext4.img"}) {
    SCOPED_TRACE(fixture);
    ASSERT_THAT(Open(CopyOf(fixture), Place()), Succeeds());
    auto tree = Tree(Place().mount_point);
    tree.erase("lost+found");
    EXPECT_EQ(tree, Model());
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  }
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, TheMountIsReadOnlyAndRunsNothing) {
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  struct statvfs status {};
  ASSERT_EQ(::statvfs(Place().mount_point.c_str(), &status), 0);
  constexpr unsigned long flags = ST_RDONLY | ST_NODEV | ST_NOSUID | ST_NOEXEC;
  EXPECT_EQ(status.f_flag & flags, flags);
  ASSERT_OK_AND_ASSIGN(const MappingInfo mapping,
                       InspectMapping(CryptMappingName("dt-one")));
  EXPECT_TRUE(mapping.read_only);
  ASSERT_OK_AND_ASSIGN(const MappingInfo verity,
                       InspectMapping(VerityMappingName("dt-one")));
  EXPECT_TRUE(verity.read_only);
  EXPECT_EQ(verity.uuid, "CRYPT-VERITY-tdxvfs-verity-dt-one");
  struct stat root {};
  ASSERT_EQ(::stat(Place().mount_point.c_str(), &root), 0);
  EXPECT_EQ(root.st_dev, verity.device);
  const auto mount = MountAt(Place().mount_point);
  ASSERT_TRUE(mount.has_value());
  EXPECT_TRUE(HasOption(mount->mount_options, "ro"));
  EXPECT_TRUE(HasOption(mount->super_options, "ro"));
}

TEST_F(OpenVolumeTest, TheLoopDeviceIsReadOnlyDirectAndClearsItself) {
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  const VolumeState state = StateOf(Place());
  EXPECT_EQ(state.kind, VolumeState::Kind::kOpen);
  EXPECT_EQ(state.mapping, "tdxvfs-crypt-dt-one");
  EXPECT_EQ(state.verity, "tdxvfs-verity-dt-one");
  EXPECT_EQ(state.uuid, UuidOf(folder_.path() / "model.img"));
  EXPECT_EQ(state.backing_file, (folder_.path() / "model.img").string());
  EXPECT_EQ(state.mount, Place().mount_point.string());
  const fs::path sys = "/sys/block" / fs::path(state.loop).filename();
  EXPECT_EQ(Slurp(sys / "ro"), "1\n");
  EXPECT_EQ(Slurp(sys / "loop" / "dio"), "1\n");
  EXPECT_EQ(Slurp(sys / "loop" / "autoclear"), "1\n");
  EXPECT_EQ(Slurp(sys / "queue" / "logical_block_size"), "4096\n");
}

TEST_F(OpenVolumeTest, TheKeyIsOnlyAReferenceInTheLiveTable) {
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  const auto shown =
      RunTool({"dmsetup", "table", "--showkeys", CryptMappingName("dt-one")});
  EXPECT_NE(shown.output.find("aes-xts-plain64 :64:logon:cryptsetup:"),
            std::string::npos)
      << shown.output;
}

TEST_F(OpenVolumeTest, G1_TheVolumeKeyIsNotLeftInTheProcess) {
  const fs::path image = CopyOf("model.img");
  const Signal opened;
  const Signal leave;
  ChildProcess child([&] {
    const bool success = Open(image, Place()).has_value();
    opened.Give();
    leave.Await();
    return success ? 0 : 1;
  });
  opened.Await();
  const fs::path key_file = folder_.path() / "key";
  ASSERT_EQ(RunTool({"cryptsetup", "luksDump", "-q", "--dump-volume-key",
                     "--volume-key-file", key_file.string(), "-d", "-",
                     image.string()},
                    kPassphrase)
                .exit_code,
            0);
  const std::string key = Slurp(key_file);
  ASSERT_EQ(key.size(), 64U);
  const std::string process = "/proc/" + std::to_string(child.pid());
  std::ifstream maps(process + "/maps");
  const int memory = ::open((process + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(memory, 0);
  std::size_t searched = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    if (::sscanf(line.c_str(), "%lx-%lx", &start, &end) != 2) {
      continue;
    }
    std::string bytes(end - start, '\0');
    const ssize_t got =
        ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(start));
    if (got > 0) {
      searched += static_cast<std::size_t>(got);
      // Half a key would do an attacker as much good.
      EXPECT_EQ(bytes.find(key.substr(0, 32)), std::string::npos) << line;
      EXPECT_EQ(bytes.find(key.substr(32)), std::string::npos) << line;
    }
  }
  ::close(memory);
  EXPECT_GT(searched, 1'000'000U);
  EXPECT_EQ(Slurp("/proc/keys").find("cryptsetup:" + UuidOf(image)),
            std::string::npos)
      << "no keyring that we can see names it";
  leave.Give();
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(OpenVolumeTest, D12_ABlockDeviceIsUsedDirectly) {
  const fs::path image = CopyOf("model.img");
  auto made = RunTool({"losetup", "-r", "--show", "-f", image.string()});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  made.output.pop_back();
  // Through a link, as in /dev/disk/by-id.
  const fs::path link = folder_.path() / "disk";
  fs::create_symlink(made.output, link);
  ASSERT_THAT(Open(link, Place()), Succeeds());
  EXPECT_EQ(StateOf(Place()).loop, made.output);
  EXPECT_EQ(Tree(Place().mount_point), Model());
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_EQ(RunTool({"losetup", "-d", made.output}).exit_code, 0);
}

TEST_F(OpenVolumeTest, AWritableBlockDeviceIsMappedReadOnly) {
  const fs::path image = CopyOf("model.img");
  auto made = RunTool({"losetup", "--show", "-f", image.string()});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  made.output.pop_back();
  ASSERT_THAT(Open(made.output, Place()), Succeeds());
  ASSERT_OK_AND_ASSIGN(const MappingInfo crypt,
                       InspectMapping(CryptMappingName("dt-one")));
  EXPECT_TRUE(crypt.read_only);
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_EQ(RunTool({"losetup", "-d", made.output}).exit_code, 0);
}

TEST_F(OpenVolumeTest, BufferedLoopIsOneWarningThatNamesTheImage) {
  const fs::path ram = folder_.path() / "ram";
  fs::create_directory(ram);
  ASSERT_EQ(::mount("none", ram.c_str(), "ramfs", 0, nullptr), 0);
  fs::copy_file(testing::Fixtures() / "model.img", ram / "model.img");
  EXPECT_THAT(Open(ram / "model.img", Place()), Succeeds());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find((ram / "model.img").string()), std::string::npos);
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
  // The kernel lets go of a loop device's file a moment after the last opener.
  int unmounted = ::umount2(ram.c_str(), 0);
  for (int i = 0; i < 100 && unmounted != 0 && errno == EBUSY; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    unmounted = ::umount2(ram.c_str(), 0);
  }
  EXPECT_EQ(unmounted, 0);
}

TEST_F(OpenVolumeTest, AForeignExt4VolumeOpensAsImported) {
  const auto timings =
      OpenWith(CopyOf("ext4.img"), Place(), [](OpenGrant* grant) {
        AsImported(grant);
        grant->file_system = "ext4";
        grant->mount_options = {"ro", "noatime", "noload"};
      });
  ASSERT_THAT(timings, Succeeds());
  auto tree = Tree(Place().mount_point);
  EXPECT_EQ(tree.erase("lost+found"), 1U);
  EXPECT_EQ(tree, Model());
  const auto mount = MountAt(Place().mount_point);
  ASSERT_TRUE(mount.has_value());
  EXPECT_TRUE(HasOption(mount->super_options, "norecovery"))
      << "the journal is the host's to write";
}

TEST_F(OpenVolumeTest, AForeignVolumeWithAllThatMayDifferOpensAsImported) {
  ASSERT_THAT(OpenWith(CopyOf("foreign.img"), Place(),
                       [](OpenGrant* grant) {
                         AsImported(grant);
                         grant->file_system = "ext4";
                         grant->mount_options = {"ro", "noload"};
                       }),
              Succeeds());
  auto tree = Tree(Place().mount_point);
  EXPECT_EQ(tree.erase("lost+found"), 1U);
  EXPECT_EQ(tree, Model());
  const auto shown = RunTool({"dmsetup", "table", CryptMappingName("dt-one")});
  EXPECT_NE(shown.output.find(":32:logon:"), std::string::npos) << shown.output;
}

TEST_F(OpenVolumeTest, D9_ACutOffFileSystemOfAForeignVolumeIsTruncated) {
  const fs::path image = CopyOf("ext4.img");
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(image));
  ASSERT_TRUE(inspection.header.has_value());
  fs::resize_file(image, inspection.header->size + (std::uintmax_t{2} << 20U));
  EXPECT_THAT(OpenWith(image, Place(),
                       [](OpenGrant* grant) {
                         AsImported(grant);
                         grant->file_system = "ext4";
                       }),
              Fails(Reason::kImageTruncated));
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, AWrongPassphraseLeavesNothing) {
  EXPECT_THAT(
      OpenWith(CopyOf("model.img"), Place(),
               [](OpenGrant* grant) { grant->passphrase = SecretOf("wrong"); }),
      Fails(Reason::kPassphraseWrong));
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, AWrongFileSystemTypeLeavesNothing) {
  EXPECT_THAT(OpenWith(CopyOf("model.img"), Place(),
                       [](OpenGrant* grant) { grant->file_system = "ext4"; }),
              Fails(Reason::kMountFailed));
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, D2_AHeaderReplacedAfterReadingIsNotLookedAt) {
  const fs::path path = CopyOf("model.img");
  const std::string uuid = UuidOf(path);
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string other =
        Slurp(testing::Fixtures() / "next.img").substr(0, kDefaultHeaderSize);
    file.write(other.data(), static_cast<std::streamsize>(other.size()));
  }
  ASSERT_THAT(OpenVolume(image, header, GrantFor(header, uuid), Place(), {}),
              Succeeds());
  EXPECT_EQ(StateOf(Place()).uuid, uuid);
  EXPECT_EQ(Tree(Place().mount_point), Model());
}

TEST_F(OpenVolumeTest, D9_ACutOffImageIsTruncatedAndLeavesNothing) {
  const std::string image = Slurp(testing::Fixtures() / "model.img");
  for (const std::size_t less :
       {std::size_t{100}, std::size_t{4096}, std::size_t{300'000},
        image.size() - kDefaultHeaderSize}) {
    const fs::path cut = folder_.path() / "cut.img";
    Spill(cut, image.substr(0, image.size() - less));
    EXPECT_THAT(Open(cut, Place()), Fails(Reason::kImageTruncated)) << less;
    ExpectNothingLeft();
  }
}

TEST_F(OpenVolumeTest, D9_ADyingDiskIsAnIoErrorAndLeavesNothing) {
  const fs::path image = CopyOf("model.img");
  auto loop = RunTool({"losetup", "-r", "--show", "-f", image.string()});
  ASSERT_EQ(loop.exit_code, 0) << loop.output;
  loop.output.pop_back();
  const std::uint64_t sectors = fs::file_size(image) / 512;
  ASSERT_EQ(RunTool({"dmsetup", "create", "dt-dying"},
                    "0 2048 linear " + loop.output + " 0\n2048 " +
                        std::to_string(sectors - 2048) + " error\n")
                .exit_code,
            0);
  EXPECT_THAT(Open("/dev/mapper/dt-dying", Place()), Fails(Reason::kIoError));
  EXPECT_EQ(RunTool({"dmsetup", "remove", "--retry", "dt-dying"}).exit_code, 0);
  EXPECT_EQ(RunTool({"losetup", "-d", loop.output}).exit_code, 0);
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, D1_DiscardsInTheHeaderDoNotReachTheTable) {
  const fs::path image = CopyOf("model.img");
  ASSERT_TRUE(EditMetadata(image, R"("config":{)",
                           R"("config":{"flags":["allow-discards"],)"));
  ASSERT_THAT(
      OpenWith(image, Place(), [](OpenGrant* grant) { AsImported(grant); }),
      Succeeds());
  const auto shown = RunTool({"dmsetup", "table", CryptMappingName("dt-one")});
  EXPECT_EQ(shown.output.find("discard"), std::string::npos);
}

TEST_F(OpenVolumeTest, D3_AHeaderThatIsNotTheGrantedOneIsRefused) {
  const fs::path image = CopyOf("model.img");
  EXPECT_THAT(OpenWith(image, Place(),
                       [](OpenGrant* grant) { grant->header_sha256[0] ^= 1; }),
              Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(OpenWith(image, Place(),
                       [](OpenGrant* grant) { grant->header_size += 4096; }),
              Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(
      OpenWith(image, Place(), [](OpenGrant* grant) { grant->uuid[0] ^= 1; }),
      Fails(Reason::kGrantMismatch));
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, G5_AnOccupiedMountPointIsLeftAlone) {
  const fs::path point = Place().mount_point;
  fs::create_directories(point);
  ASSERT_EQ(::mount("other", point.c_str(), "tmpfs", 0, nullptr), 0);
  Spill(point / "other", "stays");
  EXPECT_THAT(Open(CopyOf("model.img"), Place()),
              Fails(Reason::kMountPointOccupied));
  EXPECT_EQ(Slurp(point / "other"), "stays");
  EXPECT_EQ(StateOf(Place()).kind, VolumeState::Kind::kLocked);
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_EQ(Slurp(point / "other"), "stays");
  EXPECT_EQ(::umount2(point.c_str(), 0), 0);
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, G5_ALinkInThePlaceOfTheMountPointIsRefused) {
  const fs::path elsewhere = folder_.path() / "elsewhere";
  fs::create_directories(elsewhere);
  fs::create_directories(Place().mount_point.parent_path());
  fs::create_symlink(elsewhere, Place().mount_point);
  EXPECT_THAT(Open(CopyOf("model.img"), Place()),
              Fails(Reason::kMountPointOccupied));
  EXPECT_TRUE(fs::is_empty(elsewhere));
  ExpectNothingLeft();
}

TEST_F(OpenVolumeTest, G8_AMissingMountPointIsMadeClosedAndImmutable) {
  const fs::path point = Place().mount_point;
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  struct stat status {};
  ASSERT_EQ(::stat(point.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0U);
  Spill(point / "early", "in the clear");
  EXPECT_FALSE(fs::exists(point / "early")) << "not even root writes there";
}

TEST_F(OpenVolumeTest, AMountPointWithFilesIsAWarning) {
  fs::create_directories(Place().mount_point);
  Spill(Place().mount_point / "early", "in the clear");
  ASSERT_THAT(Open(CopyOf("model.img"), Place()), Succeeds());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find(Place().mount_point.string()), std::string::npos);
}

TEST_F(OpenVolumeTest, FourAtOnceOfOneImageServeEveryFile) {
  const fs::path image = CopyOf("model.img");
  const auto model = Model();
  const std::vector<std::string> names{"dt-one", "dt-two", "dt-three",
                                       "dt-four"};
  const Signal opened;
  std::vector<std::unique_ptr<Signal>> turns;  // all read, then all close
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (const std::string& name : names) {
    turns.push_back(std::make_unique<Signal>());
    children.push_back(
        std::make_unique<ChildProcess>([&, turn = turns.back().get()] {
          const bool open = Open(image, Place(name)).has_value();
          opened.Give();
          turn->Await();
          const bool same = open && Tree(Place(name).mount_point) == model;
          return same && CloseVolume(Place(name), CloseMode::kNormal, nullptr)
                             .has_value()
                     ? 0
                     : 1;
        }));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    opened.Await();
  }
  std::set<std::string> loops;
  for (const std::string& name : names) {
    const VolumeState state = StateOf(Place(name));
    EXPECT_EQ(state.kind, VolumeState::Kind::kOpen);
    loops.insert(state.loop);
  }
  EXPECT_EQ(loops.size(), names.size()) << "each has a loop device of its own";
  for (const auto& turn : turns) {
    turn->Give();
  }
  for (const auto& child : children) {
    EXPECT_EQ(child->Wait(), 0);
  }
  ExpectNothingLeft();
}

// Not a test of speed: prints what an opening costs here.
TEST_F(OpenVolumeTest, TellsItsMilliseconds) {
  const fs::path path = CopyOf("model.img");
  const std::string uuid = UuidOf(path);
  const auto ms = [](auto duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path));
    ASSERT_OK_AND_ASSIGN(const Header header,
                         Header::Read(image, kDefaultHeaderSize));
    const auto read = std::chrono::steady_clock::now();
    ASSERT_OK_AND_ASSIGN(
        const OpenTimings timings,
        OpenVolume(image, header, GrantFor(header, uuid), Place(), {}));
    const auto opened = std::chrono::steady_clock::now();
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
    const auto closed = std::chrono::steady_clock::now();
    (void)::printf(
        "milliseconds: read %.1f header %.1f loop %.1f crypt %.1f verity %.1f "
        "mount %.1f close %.1f\n",
        ms(read - start), ms(timings.header), ms(timings.attach),
        ms(timings.crypt), ms(timings.verity), ms(timings.mount),
        ms(closed - opened));
  }
}

}  // namespace
}  // namespace tdxvfs::luks

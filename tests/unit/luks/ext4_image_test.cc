// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "luks/super_block.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/file_sink.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::FileSink;
using testing::MakeModel;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::ToolResult;
using testing::Tree;

namespace fs = std::filesystem;

class Ext4ImageTest : public ::testing::Test {
 protected:
  Ext4ImageTest() { fs::create_directory(Source()); }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }
  Result<void> Write(const fs::path& source, const fs::path& image) const {
    FileSink sink(image);
    return WriteExt4(source, folder_.path(), &sink, nullptr);
  }
  Result<void> Write() const { return Write(Source(), Image()); }
  // Writes, has e2fsck check it and debugfs unpack it, and compares the trees.
  void ExpectComesBack() const {
    ASSERT_THAT(Write(), Succeeds());
    const ToolResult checked = RunTool({"e2fsck", "-fn", Image().string()});
    ASSERT_EQ(checked.exit_code, 0) << checked.output;
    const fs::path out = folder_.path() / "out";
    fs::create_directory(out);
    const ToolResult unpacked =
        RunTool({"debugfs", "-R", "rdump / " + out.string(), Image().string()});
    ASSERT_EQ(unpacked.exit_code, 0) << unpacked.output;
    fs::remove(out / "lost+found");
    EXPECT_TRUE(Tree(out) == Tree(Source()));
  }
  std::string Debug(const std::string& command) const {
    return RunTool({"debugfs", "-R", command, Image().string()}).output;
  }
  TemporaryFolder folder_;
};

TEST_F(Ext4ImageTest, AModelComesBack) {
  MakeModel(Source(), 3'000'001);
  ExpectComesBack();
  // The scratch file had no name.
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_TRUE(entry.path() == Source() || entry.path() == Image() ||
                entry.path() == folder_.path() / "out")
        << entry.path();
  }
}

TEST_F(Ext4ImageTest, TheRootKeepsModeOwnerAndTime) {
  ASSERT_EQ(::chmod(Source().c_str(), 0700), 0);
  if (::chown(Source().c_str(), 70001, 1234) != 0) {
    GTEST_SKIP() << "needs root to give a folder away";
  }
  const std::array<timespec, 2> times{{{1, 0}, {1'500'000'000, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, Source().c_str(), times.data(), 0), 0);
  ASSERT_THAT(Write(), Succeeds());
  const std::string root = Debug("stat /");
  EXPECT_NE(root.find("Mode:  0700"), std::string::npos) << root;
  EXPECT_NE(root.find("User: 70001   Group:  1234"), std::string::npos) << root;
  EXPECT_NE(root.find("mtime: 0x59682f00"), std::string::npos) << root;
  EXPECT_EQ(RunTool({"e2fsck", "-fn", Image().string()}).exit_code, 0);
}

TEST_F(Ext4ImageTest, AnEmptyFolderComesBack) { ExpectComesBack(); }

TEST_F(Ext4ImageTest, ThereIsRoomForManyFilesAndLongNames) {
  for (int i = 0; i < 3000; ++i) {
    Spill(Source() / (std::to_string(i) + std::string(200, 'n')), "x");
  }
  fs::create_symlink(std::string(4000, 't'), Source() / "link");
  ExpectComesBack();
}

TEST_F(Ext4ImageTest, NothingButTheTreeGoesIn) {
  MakeModel(Source(), 200'000);
  fs::create_hard_link(Source() / "config.json", Source() / "other");
  const fs::path copy = folder_.path() / "copy";
  ASSERT_EQ(RunTool({"cp", "-a", Source().string(), copy.string()}).exit_code,
            0);
  // Read, so that it is younger in the copy alone.
  ASSERT_EQ(RunTool({"touch", "-a", (copy / "config.json").string()}).exit_code,
            0);
  ASSERT_THAT(Write(), Succeeds());
  ASSERT_THAT(Write(copy, folder_.path() / "second"), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == Slurp(folder_.path() / "second"));
}

TEST_F(Ext4ImageTest, EveryTimeIsTheLastChange) {
  Spill(Source() / "f", "x");
  const std::array<timespec, 2> times{{{1'600'000'000, 0}, {5'000'000'000, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (Source() / "f").c_str(), times.data(), 0),
            0);
  ASSERT_THAT(Write(), Succeeds());
  const std::string f = Debug("stat f");
  EXPECT_EQ(f.find("2020"), std::string::npos) << f;
  ASSERT_EQ(::setenv("SOURCE_DATE_EPOCH", "1500000000", 1), 0);
  const auto written = Write();
  (void)::unsetenv("SOURCE_DATE_EPOCH");
  ASSERT_THAT(written, Succeeds());
  // 0x59682f00 is 1500000000.
  for (const char* name : {"stat f", "stat /"}) {
    const std::string told = Debug(name);
    for (const char* time : {"ctime: 0x59682f00", "atime: 0x59682f00",
                             "mtime: 0x59682f00", "crtime: 0x59682f00"}) {
      EXPECT_NE(told.find(time), std::string::npos) << told;
    }
  }
}

TEST_F(Ext4ImageTest, LabelsOfThePackingMachineStayOut) {
  Spill(Source() / "f", "x");
  const std::string path = (Source() / "f").string();
  if (::setxattr(path.c_str(), "trusted.label", "x", 1, 0) != 0 ||
      ::setxattr(path.c_str(), "user.kept", "yes", 3, 0) != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  ASSERT_THAT(Write(), Succeeds());
  const std::string list = Debug("ea_list f");
  EXPECT_NE(list.find("user.kept"), std::string::npos) << list;
  EXPECT_EQ(list.find("trusted.label"), std::string::npos) << list;
  EXPECT_EQ(RunTool({"e2fsck", "-fn", Image().string()}).exit_code, 0);
}

TEST_F(Ext4ImageTest, AFifoIsKeptAndAMissingFolderIsRefused) {
  ASSERT_EQ(::mkfifo((Source() / "fifo").c_str(), 0600), 0);
  ASSERT_THAT(Write(), Succeeds());
  EXPECT_NE(Debug("stat fifo").find("FIFO"), std::string::npos);
  EXPECT_THAT(Write(folder_.path() / "none", Image()),
              Fails(Reason::kFileNotFound));
}

TEST_F(Ext4ImageTest, TheSuperblockTellsTheSizeThatTheGuestExpects) {
  MakeModel(Source(), 300'000);
  ASSERT_THAT(Write(), Succeeds());
  const std::string image = Slurp(Image());
  EXPECT_EQ(
      luks::FileSystemSize("ext4", AsBytes(image).first(luks::kSuperBlockArea)),
      image.size());
}

}  // namespace
}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_room.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <optional>
#include <string>

#include "luks/image/ext4_content.h"
#include "luks/image/ext4_tree.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/foreign_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::EditExt4;
using testing::Fails;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TextBytes;
using testing::ToolResult;
using testing::Words;

namespace fs = std::filesystem;

constexpr int kCopies = 700;

// A file system of 2 MiB in which hundreds of inodes become copies of one, by
// debugfs, so that all of them name its blocks.
class Ext4RoomTest : public ::testing::Test {
 protected:
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }
  void SetUp() override { fs::create_directory(Source()); }

  void Make(const Words& options = {"-O", "^metadata_csum"}) const {
    for (int i = 0; i < kCopies; ++i) {
      Spill(Source() / ("copy" + std::to_string(i)), "");
    }
    Words all = {"-N", "1024", "-b", "4096"};
    all.insert(all.end(), options.begin(), options.end());
    const ToolResult made = testing::MakeExt4(Source(), Image(), all, "2M");
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  void CopyInode(const std::string& from, int copies) const {
    Words commands;
    for (int i = 0; i < copies; ++i) {
      commands.push_back("copy_inode /" + from + " /copy" + std::to_string(i));
    }
    const ToolResult edited = EditExt4(Image(), commands);
    ASSERT_EQ(edited.exit_code, 0) << edited.output;
  }
  Result<Ext4Tree> Scan() const {
    TextBytes source(Slurp(Image()));
    ASSIGN_OR_RETURN(const Ext4FileSystem file_system,
                     Ext4FileSystem::Open(&source));
    return ScanExt4(file_system, std::nullopt);
  }
  TemporaryFolder folder_;
};

TEST_F(Ext4RoomTest, FilesThatShareBlocksWithoutEndAreRefused) {
  // Extents, and the block maps of ext2.
  for (const char* features :
       {"^metadata_csum", "^metadata_csum,^extents,^64bit"}) {
    Spill(Source() / "weights", std::string(20'000, 'w'));
    Make({"-O", features});
    ASSERT_THAT(Scan(), Succeeds()) << features;
    CopyInode("weights", kCopies);  // 14 MB of content in 2 MiB
    EXPECT_THAT(Scan(), Fails(Reason::kFileInvalid)) << features;
  }
}

TEST_F(Ext4RoomTest, FoldersThatShareBlocksAreRefused) {
  fs::create_directory(Source() / "many");
  for (int i = 0; i < 1'000; ++i) {
    Spill(Source() / "many" / std::to_string(i), "");
  }
  Make({"-O", "^metadata_csum", "-N", "2048"});
  ASSERT_THAT(Scan(), Succeeds());
  CopyInode("many", kCopies);
  EXPECT_THAT(Scan(), Fails(Reason::kFileInvalid));
}

TEST_F(Ext4RoomTest, AttributesThatAreSharedWithoutEndAreRefused) {
  Spill(Source() / "tagged", "");
  const std::string value(3'500, 'v');
  if (::setxattr((Source() / "tagged").c_str(), "user.tag", value.data(),
                 value.size(), 0) != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  Make();
  CopyInode("tagged", 500);  // 1.75 MB of 2 MiB: as honest ones share them
  EXPECT_THAT(Scan(), Succeeds());
  CopyInode("tagged", kCopies);
  EXPECT_THAT(Scan(), Fails(Reason::kFileInvalid));
}

TEST_F(Ext4RoomTest, HolesOfMoreThan16TebibytesInAllAreRefused) {
  Make();
  ASSERT_EQ(EditExt4(Image(), {"sif /copy0 size 10995116277760"}).exit_code, 0);
  EXPECT_THAT(Scan(), Succeeds());
  ASSERT_EQ(EditExt4(Image(), {"sif /copy1 size 10995116277760"}).exit_code, 0);
  EXPECT_THAT(Scan(), Fails(Reason::kNotSupported));
}

TEST_F(Ext4RoomTest, AHoleOfTebibytesIsNotRead) {
  for (const char* features :
       {"^metadata_csum", "^metadata_csum,^extents,^64bit"}) {
    Make({"-O", features});
    TextBytes source(Slurp(Image()));
    ASSERT_OK_AND_ASSIGN(const Ext4FileSystem file_system,
                         Ext4FileSystem::Open(&source));
    ASSERT_OK_AND_ASSIGN(const Ext4Tree found,
                         ScanExt4(file_system, std::nullopt));
    int pieces = 0;
    EXPECT_THAT(
        ReadExt4Content(file_system, found.inodes[1], std::uint64_t{1} << 43U,
                        [&pieces](std::uint64_t, auto) -> Result<void> {
                          ++pieces;
                          return {};
                        }),
        Succeeds());
    EXPECT_EQ(pieces, 0) << features;
  }
}

TEST_F(Ext4RoomTest, InodesAreNoMoreThanFit) {
  Make();
  TextBytes source(Slurp(Image()));
  ASSERT_OK_AND_ASSIGN(const Ext4FileSystem file_system,
                       Ext4FileSystem::Open(&source));
  Ext4Room room(file_system);
  for (int i = 0; i < 2'097'152 / 256; ++i) {
    ASSERT_THAT(room.TakeInode(), Succeeds());
  }
  EXPECT_THAT(room.TakeInode(), Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::image

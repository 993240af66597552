// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/unique_fd.h"
#include "luks/image/source_tree.h"
#include "luks/image/tar_image.h"
#include "luks/image/tree_image.h"
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

class SquashfsImageTest : public ::testing::Test {
 protected:
  SquashfsImageTest() { fs::create_directory(Source()); }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }
  Result<void> Write(const fs::path& image) const {
    ASSIGN_OR_RETURN(const SourceTree tree, ScanSource(Source()));
    FileSink sink(image);
    ASSIGN_OR_RETURN(const auto writer, SquashfsWriter::Create(&sink));
    return WriteTree(tree, writer.get(), nullptr);
  }
  // Writes, has unsquashfs check and unpack it, and compares the trees.
  void ExpectComesBack() const {
    ASSERT_THAT(Write(Image()), Succeeds());
    const fs::path out = folder_.path() / "out";
    const ToolResult unpacked = RunTool(
        {"unsquashfs", "-no-progress", "-d", out.string(), Image().string()});
    ASSERT_EQ(unpacked.exit_code, 0) << unpacked.output;
    EXPECT_TRUE(Tree(out) == Tree(Source()));
    EXPECT_EQ(fs::file_size(Image()) % kImageBlockSize, 0U);
  }
  // Names, modes, sizes and times as unsquashfs lists them.
  std::string List() const {
    return RunTool({"unsquashfs", "-llnumeric", "-UTC", Image().string()})
        .output;
  }
  TemporaryFolder folder_;
};

TEST_F(SquashfsImageTest, AModelComesBack) {
  MakeModel(Source(), 3'000'001);
  ExpectComesBack();
}

TEST_F(SquashfsImageTest, AnEmptyFolderComesBackInTwoBlocks) {
  ExpectComesBack();
  EXPECT_EQ(fs::file_size(Image()), 2 * kImageBlockSize);
}

TEST_F(SquashfsImageTest, SizesAroundBlocksComeBack) {
  for (const std::size_t size :
       {0U, 1U, 4095U, 4096U, 131071U, 131072U, 131073U, 262144U, 262145U}) {
    Spill(Source() / std::to_string(size), std::string(size, 'x'));
  }
  ExpectComesBack();
}

TEST_F(SquashfsImageTest, LargeAndDeepFoldersComeBack) {
  fs::create_directory(Source() / "large");
  for (int i = 0; i < 3000; ++i) {
    Spill(Source() / "large" / (std::to_string(i) + std::string(50, 'n')), "");
  }
  fs::path deep = Source();
  for (int i = 0; i < 300; ++i) {
    deep /= "d";
  }
  fs::create_directories(deep);
  Spill(deep / "leaf", "leaf");
  fs::create_symlink(std::string(4000, 't'), Source() / "link");
  ExpectComesBack();
}

TEST_F(SquashfsImageTest, ContentThatDoesNotCompressComesBack) {
  std::string noise(1'000'003, '\0');
  std::uint32_t state = 1;
  for (char& byte : noise) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  Spill(Source() / "noise", noise);
  ExpectComesBack();
  EXPECT_GT(fs::file_size(Image()), 1'000'000U);
}

TEST_F(SquashfsImageTest, HolesTakeNoSpaceAndComeBack) {
  std::string content(1'000'000, '\0');
  content.replace(300'000, 4, "data");
  Spill(Source() / "middle", content);
  Spill(Source() / "tail", "head" + std::string(500'000, '\0'));
  Spill(Source() / "nothing", std::string(77'777, '\0'));
  ExpectComesBack();
  EXPECT_LT(fs::file_size(Image()), 20'000U);
}

// In another folder than its first name, too, which may be written later.
TEST_F(SquashfsImageTest, HardLinksStayOneFile) {
  fs::create_directory(Source() / "m");
  Spill(Source() / "m" / "a", std::string(200'000, 'a'));
  fs::create_directory(Source() / "b");
  fs::create_hard_link(Source() / "m" / "a", Source() / "b" / "b");
  fs::create_hard_link(Source() / "m" / "a", Source() / "z");
  ExpectComesBack();
  const fs::path out = folder_.path() / "out";
  EXPECT_EQ(fs::hard_link_count(out / "z"), 3U);
  EXPECT_TRUE(fs::equivalent(out / "b" / "b", out / "m" / "a"));
}

TEST_F(SquashfsImageTest, ModesTimesAndFifosAreKept) {
  Spill(Source() / "f", "x");
  ASSERT_EQ(::chmod((Source() / "f").c_str(), 0640), 0);
  ASSERT_EQ(::mkfifo((Source() / "fifo").c_str(), 0600), 0);
  Spill(Source() / "old", "x");
  const std::array<timespec, 2> times{{{1, 0}, {1'500'000'000, 5}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (Source() / "f").c_str(), times.data(), 0),
            0);
  // Before 1970 the format has no time.
  const std::array<timespec, 2> before{{{1, 0}, {-1000, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (Source() / "old").c_str(), before.data(), 0),
            0);
  ASSERT_THAT(Write(Image()), Succeeds());
  const std::string list = List();
  EXPECT_NE(list.find("-rw-r-----"), std::string::npos) << list;
  EXPECT_NE(list.find("2017-07-14 02:40"), std::string::npos) << list;
  EXPECT_NE(list.find("1970-01-01 00:00"), std::string::npos) << list;
  EXPECT_NE(list.find("prw-------"), std::string::npos) << list;
}

TEST_F(SquashfsImageTest, AttributesOfTheUserAreKept) {
  Spill(Source() / "f", "x");
  if (::setxattr((Source() / "f").c_str(), "user.a", "one", 3, 0) != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  ASSERT_EQ(::setxattr(Source().c_str(), "user.root", "yes", 3, 0), 0);
  ExpectComesBack();
  std::array<char, 8> value{};
  EXPECT_EQ(::getxattr((folder_.path() / "out" / "f").c_str(), "user.a",
                       value.data(), value.size()),
            3);
  EXPECT_EQ(std::string(value.data()), "one");
}

TEST_F(SquashfsImageTest, AnAccessControlListIsRefusedByName) {
  Spill(Source() / "f", "x");
  if (RunTool({"setfacl", "-m", "u:1:r", (Source() / "f").string()})
          .exit_code != 0) {
    GTEST_SKIP() << "no access control lists in " << Source();
  }
  const auto written = Write(Image());
  ASSERT_THAT(written, Fails(Reason::kNotSupported));
  EXPECT_NE(written.error().ToString().find("system.posix_acl_access"),
            std::string::npos)
      << written.error().ToString();
}

TEST_F(SquashfsImageTest, TheImageDependsOnTheTreeAlone) {
  MakeModel(Source(), 5'000'000);
  ASSERT_THAT(Write(Image()), Succeeds());
  for (int i = 0; i < 5; ++i) {
    const fs::path other = folder_.path() / "other";
    ASSERT_THAT(Write(other), Succeeds());
    EXPECT_TRUE(Slurp(Image()) == Slurp(other));
  }
}

TEST_F(SquashfsImageTest, ATarStreamGivesTheSameImage) {
  MakeModel(Source(), 300'000);
  fs::create_hard_link(Source() / "config.json", Source() / "zz");
  const fs::path stream = folder_.path() / "stream";
  const ToolResult made = RunTool(
      {"tar", "--create", "--file=" + stream.string(), "--sort=name",
       "--format=pax", "--numeric-owner", "-C", Source().string(), "."});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const fs::path other = folder_.path() / "other";
  {
    const UniqueFd descriptor(::open(stream.c_str(), O_RDONLY | O_CLOEXEC));
    FileSink sink(other);
    ASSERT_OK_AND_ASSIGN(const auto writer, SquashfsWriter::Create(&sink));
    ASSERT_THAT(WriteTar(descriptor.get(), writer.get(), nullptr), Succeeds());
  }
  ASSERT_THAT(Write(Image()), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == Slurp(other));
}

TEST_F(SquashfsImageTest, TheSuperblockTellsTheSizeThatTheGuestExpects) {
  MakeModel(Source(), 300'000);
  ASSERT_THAT(Write(Image()), Succeeds());
  const std::string image = Slurp(Image());
  const auto size = luks::FileSystemSize(
      "squashfs", AsBytes(image).first(luks::kSuperBlockArea));
  ASSERT_TRUE(size.has_value());
  EXPECT_LE(*size, image.size());
  EXPECT_GT(*size + kImageBlockSize, image.size());
}

// A sink that fails once so much was taken.
class FullSink : public ImageSink {
 public:
  explicit FullSink(std::size_t room) : room_(room) {}
  Result<void> Append(std::span<const std::uint8_t> bytes) override {
    if (bytes.size() > room_) {
      return Error(Reason::kNoSpace, "the disk is full");
    }
    room_ -= bytes.size();
    return {};
  }
  Result<void> PutFirstBlock(std::span<const std::uint8_t> /*block*/) override {
    return {};
  }

 private:
  std::size_t room_;
};

TEST_F(SquashfsImageTest, AFullDiskIsToldAsSuchAtEveryPoint) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "libsquashfs 1.2 loses the blocks in flight when one fails";
#endif
  std::string text;
  for (int i = 0; i < 60'000; ++i) {
    text += std::to_string(i * 7919 % 100'003) + "\n";
  }
  Spill(Source() / "text", text);
  MakeModel(Source(), 300'000);
  ASSERT_THAT(Write(Image()), Succeeds());
  const std::size_t size = fs::file_size(Image());
  for (std::size_t room = 0; room + 2 * kImageBlockSize < size;
       room += size / 20) {
    ASSERT_OK_AND_ASSIGN(const SourceTree tree, ScanSource(Source()));
    FullSink sink(room);
    ASSERT_OK_AND_ASSIGN(const auto writer, SquashfsWriter::Create(&sink));
    EXPECT_THAT(WriteTree(tree, writer.get(), nullptr), Fails(Reason::kNoSpace))
        << room;
  }
}

}  // namespace
}  // namespace tdxvfs::image

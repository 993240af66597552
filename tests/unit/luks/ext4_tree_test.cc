// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_tree.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <optional>
#include <random>
#include <string>

#include "luks/image/ext4_content.h"
#include "luks/image/ext4_folder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/foreign_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::EditExt4;
using testing::Fails;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TextBytes;
using testing::ToolResult;
using testing::Words;

namespace fs = std::filesystem;

// Scans and reads everything, as an import does.
Result<Ext4Tree> ReadExt4(ByteSource* source) {
  ASSIGN_OR_RETURN(const Ext4FileSystem file_system,
                   Ext4FileSystem::Open(source));
  ASSIGN_OR_RETURN(Ext4Tree found, ScanExt4(file_system, std::nullopt));
  for (std::size_t node = 0; node < found.tree.nodes.size(); ++node) {
    if (S_ISREG(found.tree.nodes[node].mode)) {
      RETURN_IF_ERROR(ReadExt4Content(
          file_system, found.inodes[node], found.tree.nodes[node].size,
          [](std::uint64_t, auto) -> Result<void> { return {}; }));
    }
  }
  return found;
}

// A small file system without checksums, so that edits tell by their meaning.
class Ext4TreeTest : public ::testing::Test {
 protected:
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }

  void SetUp() override {
    fs::create_directories(Source() / "folder" / "inner");
    Spill(Source() / "folder" / "weights", std::string(20'000, 'w'));
    Spill(Source() / "zz", "two letters");
    Spill(Source() / "same1", "1");
    Spill(Source() / "same2", "2");
    fs::create_symlink("folder/weights", Source() / "link");
  }
  void Make(const Words& options = {"-O", "^metadata_csum"}) const {
    const ToolResult made = testing::MakeExt4(Source(), Image(), options, "2M");
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  void Edit(const Words& commands) const {
    const ToolResult edited = EditExt4(Image(), commands);
    ASSERT_EQ(edited.exit_code, 0) << edited.output;
  }
  // Replaces text in the raw image, wherever it stands.
  void Replace(std::string_view from, std::string_view to) const {
    std::string content = Slurp(Image());
    std::size_t found = 0;
    for (auto at = content.find(from); at != std::string::npos;
         at = content.find(from, at + to.size())) {
      content.replace(at, from.size(), to);
      ++found;
    }
    ASSERT_GT(found, 0U);
    Spill(Image(), content);
  }
  Result<Ext4Tree> ReadIt() const {
    TextBytes source(Slurp(Image()));
    return ReadExt4(&source);
  }
  TemporaryFolder folder_;
};

TEST_F(Ext4TreeTest, FindsWhatIsThereInTheOrderOfNames) {
  Make();
  ASSERT_OK_AND_ASSIGN(const Ext4Tree found, ReadIt());
  const SourceTree& tree = found.tree;
  ASSERT_EQ(tree.nodes.size(), 8U);
  EXPECT_EQ(tree.PathOf(1), "/folder");
  EXPECT_EQ(tree.PathOf(2), "/folder/inner");
  EXPECT_EQ(tree.PathOf(3), "/folder/weights");
  EXPECT_EQ(tree.PathOf(7), "/zz");
  EXPECT_EQ(tree.link_targets.at(4), "folder/weights");
  EXPECT_EQ(tree.nodes[0].links, 3U);
  EXPECT_EQ(tree.nodes[3].size, 20'000U);
}

TEST_F(Ext4TreeTest, KeepsAttributesAndLists) {
  const std::string file = (Source() / "zz").string();
  ASSERT_EQ(
      RunTool({"setfattr", "-n", "user.comment", "-v", "mine", file}).exit_code,
      0);
  ASSERT_EQ(RunTool({"setfacl", "-m", "u:1234:rw", file}).exit_code, 0);
  Make();
  ASSERT_OK_AND_ASSIGN(const Ext4Tree found, ReadIt());
  const SourceAttributes& attributes = found.tree.attributes.at(7);
  EXPECT_EQ(attributes.at("user.comment"), "mine");
  // As the kernel gives it out: version 2, five entries of 8 bytes.
  const std::string& list = attributes.at("system.posix_acl_access");
  EXPECT_EQ(list.size(), 4U + 5U * 8U);
  EXPECT_EQ(list.substr(0, 4), std::string("\x02\0\0\0", 4));
}

TEST_F(Ext4TreeTest, AFullLostAndFoundIsKept) {
  Make();
  Edit({"mkdir /lost+found/piece"});
  ASSERT_OK_AND_ASSIGN(const Ext4Tree found, ReadIt());
  EXPECT_EQ(found.tree.nodes.size(), 10U);
}

TEST_F(Ext4TreeTest, BlocksThatWereNeverWrittenAreZeroes) {
  Spill(Image(), std::string(2'097'152, 'x'));
  Make({"-O", "^metadata_csum", "-E", "nodiscard"});
  Spill(folder_.path() / "empty", "");
  Edit({"write " + (folder_.path() / "empty").string() + " /promised",
        "fallocate /promised 0 9", "sif /promised size 10240"});
  TextBytes source(Slurp(Image()));
  ASSERT_OK_AND_ASSIGN(const Ext4FileSystem file_system,
                       Ext4FileSystem::Open(&source));
  ASSERT_OK_AND_ASSIGN(const Ext4Tree found,
                       ScanExt4(file_system, std::nullopt));
  ASSERT_EQ(found.tree.PathOf(5), "/promised");
  std::size_t handed_out = 0;
  ASSERT_THAT(ReadExt4Content(file_system, found.inodes[5], 10'240,
                              [&](std::uint64_t, auto bytes) -> Result<void> {
                                handed_out += bytes.size();
                                return {};
                              }),
              Succeeds());
  EXPECT_EQ(handed_out, 0U);
}

TEST_F(Ext4TreeTest, NamesThatLeadElsewhereAreRefused) {
  struct Case {
    std::string_view from;
    std::string_view to;
  };
  // Length of the name and kind of the file stand before it.
  using std::string_view_literals::operator""sv;
  for (const Case& hostile : {Case{"\x02\x01zz"sv, "\x02\x01.."sv},
                              Case{"\x02\x01zz"sv, "\x01\x01.z"sv},
                              Case{"\x05\x01same1"sv, "\x05\x01s/me1"sv},
                              Case{"\x05\x01same1"sv, "\x05\x01s\0me1"sv},
                              Case{"\x05\x01same2"sv, "\x05\x01same1"sv},
                              Case{"\x02\x01zz"sv, "\0\x01zz"sv}}) {
    Make();
    Replace(hostile.from, hostile.to);
    EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid)) << hostile.to;
  }
}

TEST_F(Ext4TreeTest, LoopsOfFoldersAreRefused) {
  for (const char* loop :
       {"link /folder /folder/inner/again", "link / /folder/root",
        "link /folder/inner /second"}) {
    Make();
    Edit({loop});
    EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid)) << loop;
  }
}

TEST_F(Ext4TreeTest, ABlockThatAFolderHasTwiceIsRefused) {
  Make({"-O", "^metadata_csum,^extents,^64bit"});
  const ToolResult blocks = EditExt4(Image(), {"blocks /folder"});
  const auto at = blocks.output.find_last_of("0123456789");
  const auto begin = blocks.output.find_last_not_of("0123456789", at) + 1;
  const std::string block = blocks.output.substr(begin, at + 1 - begin);
  Edit({"sif /folder block[1] " + block, "sif /folder size 2048"});
  EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid)) << blocks.output;
}

// An extent tree's block of 1024 bytes whose `entries` all lead to `child`
// (kernel documentation, filesystems/ext4: struct ext4_extent_header and _idx).
std::string IndexBlock(std::uint16_t entries, std::uint16_t depth,
                       std::uint32_t child) {
  std::string block;
  const auto put = [&block](std::uint32_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      block += static_cast<char>(number >> (8 * i));
    }
  };
  put(0xf30a, 2);
  put(entries, 2);
  put(84, 2);  // as many as fit
  put(depth, 2);
  put(0, 4);
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    put(entry, 4);  // block of the file
    put(child, 4);
    put(0, 4);
  }
  block.resize(1024, '\0');
  return block;
}

class LoopingExtents : public Ext4TreeTest {
 protected:
  // The first of the 20 blocks of 1024 bytes that /folder/weights has in a row.
  std::uint32_t FirstBlock() const {
    const std::size_t at = Slurp(Image()).find(std::string(20'000, 'w'));
    EXPECT_NE(at, std::string::npos);
    EXPECT_EQ(at % 1024, 0U);
    return static_cast<std::uint32_t>(at / 1024);
  }
  void PutBlock(std::uint32_t number, const std::string& block) const {
    std::string content = Slurp(Image());
    content.replace(std::size_t{number} * 1024, block.size(), block);
    Spill(Image(), content);
  }
  // Makes `victim` a tree of this depth with one entry, which leads to `child`.
  void Plant(const std::string& victim, std::uint32_t depth,
             std::uint32_t child) const {
    Edit({"sif " + victim + " block[0] 0x0001f30a",
          "sif " + victim + " block[1] " + std::to_string(depth << 16U | 4),
          "sif " + victim + " block[3] 0",
          "sif " + victim + " block[4] " + std::to_string(child),
          "sif " + victim + " block[5] 0"});
  }
};

TEST_F(LoopingExtents, ABlockThatLeadsToItselfIsRefused) {
  for (const char* victim : {"/zz", "/folder/inner"}) {
    // In a tree of depth 1 it would be a leaf, which leads nowhere.
    for (const std::uint32_t depth : {2U, 5U}) {
      Make({"-O", "^metadata_csum", "-b", "1024"});
      const std::uint32_t block = FirstBlock();
      PutBlock(block, IndexBlock(1, 1, block));
      Plant(victim, depth, block);
      EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid))
          << victim << ", depth " << depth;
    }
  }
}

TEST_F(LoopingExtents, TwoBlocksThatLeadToEachOtherAreRefused) {
  Make({"-O", "^metadata_csum", "-b", "1024"});
  const std::uint32_t block = FirstBlock();
  PutBlock(block, IndexBlock(1, 2, block + 1));
  PutBlock(block + 1, IndexBlock(1, 1, block));
  Plant("/zz", 3, block);
  EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid));
}

// 84 to the power of four visits, if each were followed.
TEST_F(LoopingExtents, BlocksThatStandInATreeManyTimesAreRefused) {
  for (const char* victim : {"/zz", "/folder/inner"}) {
    Make({"-O", "^metadata_csum", "-b", "1024"});
    const std::uint32_t block = FirstBlock();
    for (std::uint16_t level = 0; level < 4; ++level) {
      PutBlock(block + level,
               IndexBlock(84, static_cast<std::uint16_t>(4 - level),
                          block + level + 1));
    }
    PutBlock(block + 4, IndexBlock(0, 0, 0));  // a leaf without extents
    Plant(victim, 5, block);
    EXPECT_THAT(ReadIt(), Fails(Reason::kFileInvalid)) << victim;
  }
}

TEST_F(Ext4TreeTest, FoldersLargerThanTheFileSystemAreRefused) {
  Make();
  TextBytes source(Slurp(Image()));
  ASSERT_OK_AND_ASSIGN(const Ext4FileSystem file_system,
                       Ext4FileSystem::Open(&source));
  Ext4Room room(file_system);
  ASSERT_THAT(room.TakeFolder(file_system.size() - 1'000), Succeeds());
  EXPECT_THAT(ReadExt4Folder(file_system, 2, &room),
              Fails(Reason::kFileInvalid));
}

// libext2fs 1.47 copies content inside an inode into a buffer of three blocks,
// however long the attribute is that holds it.
class InlineContent : public Ext4TreeTest {
 protected:
  // Turns an attribute of /zz into its content, which is then `size` bytes.
  void Plant(std::size_t attribute, std::size_t size) const {
    const std::string value(attribute, 'a');
    ASSERT_EQ(setxattr((Source() / "zz").c_str(), "user.data", value.data(),
                       value.size(), 0),
              0);
    Make({"-O", "ea_inode,^metadata_csum", "-b", "1024", "-I", "256"});
    // Name length and name index: "user." is 1, "system." is 7.
    std::string header("\4\1", 2);
    std::string content = Slurp(Image());
    std::size_t at = content.find("data");
    while (at != std::string::npos && content.substr(at - 16, 2) != header) {
      at = content.find("data", at + 1);
    }
    ASSERT_NE(at, std::string::npos);
    content[at - 15] = 7;
    Spill(Image(), content);
    Edit({"sif /zz size " + std::to_string(size), "sif /zz flags 0x10000000"});
  }
};

TEST_F(InlineContent, LongerThanThreeBlocksIsRead) {
  Plant(3'800, 3'860);
  EXPECT_THAT(ReadIt(), Succeeds());
}

// As a file that was made longer after it was written.
TEST_F(InlineContent, ShorterThanItsSizeEndsInZeroes) {
  Plant(3'800, 1'000'000);
  EXPECT_THAT(ReadIt(), Succeeds());
}

struct Hostile {
  const char* name;
  const char* command;
  Reason reason;
};

class HostileExt4 : public Ext4TreeTest,
                    public ::testing::WithParamInterface<Hostile> {};

TEST_P(HostileExt4, IsRefused) {
  Make();
  Edit({GetParam().command});
  EXPECT_THAT(ReadIt(), Fails(GetParam().reason));
}

// block[3] to block[5] of a file are its first extent: place in the file,
// length, place on the disk.
INSTANTIATE_TEST_SUITE_P(
    All, HostileExt4,
    ::testing::Values(
        Hostile{"FileOf16TiB", "sif /zz size 17592186044417",
                Reason::kNotSupported},
        Hostile{"LinkOf5000Bytes", "sif /link size 5000", Reason::kFileInvalid},
        Hostile{"LinkOfNothing", "sif /link size 0", Reason::kFileInvalid},
        Hostile{"LinkWithZeroByte", "sif /link size 20", Reason::kFileInvalid},
        Hostile{"ExtentOutside", "sif /zz block[5] 0xfffffff0",
                Reason::kFileInvalid},
        Hostile{"ExtentTooLong", "sif /zz block[4] 0x7fff",
                Reason::kFileInvalid},
        Hostile{"ExtentTreeOfDepth5", "sif /zz block[1] 0x00050004",
                Reason::kFileInvalid},
        Hostile{"NoExtentHeader", "sif /zz block[0] 0", Reason::kFileInvalid},
        Hostile{"FolderWithoutBlocks", "sif /folder block[5] 0xfffffff0",
                Reason::kFileInvalid},
        Hostile{"Device", "mknod null c 1 3", Reason::kFileInvalid},
        Hostile{"BlockDevice", "mknod disk b 8 0", Reason::kFileInvalid},
        Hostile{"Socket", "sif /zz mode 0140644", Reason::kFileInvalid},
        Hostile{"NoKind", "sif /zz mode 0644", Reason::kFileInvalid},
        Hostile{"Encrypted", "sif /zz flags 0x80800", Reason::kNotSupported},
        Hostile{"RootIsAFile", "sif / mode 0100644", Reason::kFileInvalid},
        Hostile{"AttributesOutside", "sif /zz file_acl 0xfffffff",
                Reason::kFileInvalid},
        Hostile{"UnknownFeature", "feature FEATURE_I31",
                Reason::kNotSupported}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Ext4Edit {
  const char* name;
  std::size_t at;  // byte in the superblock
  std::uint32_t number;
  Reason reason;
};

class HostileSuperBlock : public Ext4TreeTest,
                          public ::testing::WithParamInterface<Ext4Edit> {};

TEST_P(HostileSuperBlock, IsRefused) {
  Make();
  std::string content = Slurp(Image());
  for (std::size_t i = 0; i < 4; ++i) {
    content[1024 + GetParam().at + i] =
        static_cast<char>(GetParam().number >> (8 * i));
  }
  TextBytes source(std::move(content));
  EXPECT_THAT(ReadExt4(&source), Fails(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileSuperBlock,
    ::testing::Values(
        Ext4Edit{"Inodes", 0, 0xffffffff, Reason::kFileInvalid},
        Ext4Edit{"Blocks", 4, 0xffffffff, Reason::kImageTruncated},
        Ext4Edit{"NoBlocks", 4, 0, Reason::kFileInvalid},
        Ext4Edit{"FirstBlock", 20, 0xffffffff, Reason::kFileInvalid},
        Ext4Edit{"BlockBits", 24, 0xfffffff6, Reason::kNotSupported},
        Ext4Edit{"BlockBits60", 24, 60, Reason::kNotSupported},
        Ext4Edit{"NoBlocksInAGroup", 32, 0, Reason::kNotSupported},
        Ext4Edit{"AllBlocksInAGroup", 32, 0xffffffff, Reason::kFileInvalid},
        Ext4Edit{"NoInodesInAGroup", 40, 0, Reason::kFileInvalid},
        Ext4Edit{"AllInodesInAGroup", 40, 0xffffffff, Reason::kFileInvalid},
        Ext4Edit{"Magic", 56, 0, Reason::kNotSupported},
        Ext4Edit{"InodeSize", 88, 0xffff, Reason::kFileInvalid}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(Ext4TreeTest, FlippedBitsNeverDoHarm) {
  Make();
  const std::string good = Slurp(Image());
  std::mt19937 numbers(1);
  for (int round = 0; round < 3'000; ++round) {
    std::string bad = good;
    for (int flip = 0; flip < 8; ++flip) {
      // Metadata lie in the first 300 KiB of this image.
      char& byte = bad[1024 + numbers() % 300'000];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << numbers() % 8));
    }
    TextBytes source(std::move(bad));
    (void)ReadExt4(&source).has_value();
  }
}

TEST_F(Ext4TreeTest, CutOffAnywhereIsRefused) {
  Make();
  const std::string good = Slurp(Image());
  for (std::size_t size = 0; size < good.size(); size += 4'099) {
    TextBytes source(good.substr(0, size));
    EXPECT_FALSE(ReadExt4(&source).has_value()) << size;
  }
}

}  // namespace
}  // namespace tdxvfs::image

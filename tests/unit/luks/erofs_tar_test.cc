// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/unique_fd.h"
#include "luks/image/erofs_image.h"
#include "luks/image/source_attributes.h"
#include "luks/image/source_tree.h"
#include "luks/image/tar_image.h"
#include "luks/image/tree_image.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/file_sink.h"
#include "tests/unit/luks/tar_bytes.h"
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
using testing::TarBytes;
using testing::TemporaryFolder;
using testing::ToolResult;
using testing::Tree;

namespace fs = std::filesystem;

class ErofsTarTest : public ::testing::Test {
 protected:
  ErofsTarTest() { fs::create_directory(Source()); }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Stream() const { return folder_.path() / "stream"; }
  fs::path Image() const { return folder_.path() / "image"; }

  // Has GNU tar make the stream of the source.
  void MakeStream(const std::vector<std::string>& options) const {
    std::vector<std::string> command{"tar", "--create",
                                     "--file=" + Stream().string()};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"-C", Source().string(), "."});
    const ToolResult made = RunTool(command);
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  Result<void> Write() const {
    const UniqueFd stream(::open(Stream().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(stream.valid());
    FileSink sink(Image());
    ErofsWriter writer(&sink);
    return WriteTar(stream.get(), &writer, nullptr);
  }
  Result<void> WriteStream(const std::string& bytes) const {
    Spill(Stream(), bytes);
    return Write();
  }
  std::string DirectoryImage() const {
    const fs::path image = folder_.path() / "direct";
    const auto tree = ScanSource(Source());
    EXPECT_THAT(tree, Succeeds());
    {
      FileSink sink(image);
      ErofsWriter writer(&sink);
      EXPECT_THAT(WriteTree(*tree, &writer, nullptr), Succeeds());
    }
    return Slurp(image);
  }
  void ExpectUnpacks() const {
    const fs::path out = folder_.path() / "out";
    const ToolResult checked =
        RunTool({"fsck.erofs", "--extract=" + out.string(), Image().string()});
    ASSERT_EQ(checked.exit_code, 0) << checked.output;
    EXPECT_TRUE(Tree(out) == Tree(Source()));
  }
  std::string Dump(const std::string& path) const {
    return RunTool({"dump.erofs", "--path=" + path, Image().string()}).output;
  }
  // The words of a refusal.
  std::string Refusal(const std::string& bytes) const {
    const auto written = WriteStream(bytes);
    EXPECT_THAT(written, Fails(Reason::kFileInvalid));
    return written.has_value() ? "" : written.error().ToString();
  }
  TemporaryFolder folder_;
};

const std::vector<std::string> kExact{
    "--format=pax", "--sort=name", "--numeric-owner", "--xattrs", "--sparse"};

// Everything that a directory can hold, in one.
void MakeEverything(const fs::path& source) {
  MakeModel(source, 3'000'001);
  fs::create_hard_link(source / "config.json", source / "1" / "same");
  fs::create_directories(source / "a" / std::string(200, 'n') /
                         std::string(200, 'm'));
  Spill(source / "a" / std::string(200, 'n') / std::string(200, 'm') / "deep",
        "deep");
  Spill(source / "a-sibling", "sorts before a/");
  for (const char* name : {"\xff\xfe", "new\nline", "u\xcc\x88", "\xc3\xbc"}) {
    Spill(source / name, name);
  }
  Spill(source / "sparse", "");
  fs::resize_file(source / "sparse", 5'000'001);
  EXPECT_EQ(::chmod((source / "sparse").c_str(), 0604), 0);
  EXPECT_EQ(::mkfifo((source / "fifo").c_str(), 0600), 0);
  fs::create_symlink(std::string(3000, 't'), source / "long-link");
}

TEST_F(ErofsTarTest, GivesTheImageOfTheSameDirectory) {
  MakeEverything(Source());
  MakeStream(kExact);
  ASSERT_THAT(Write(), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == DirectoryImage());
}

// Whatever is claimed: before there is memory for it.
TEST_F(ErofsTarTest, RefusesAFileWithHolesOfMoreThan2TiB) {
  constexpr std::uint64_t most = std::uint64_t{1} << 41U;
  const std::string content = "x";
  for (const auto& [size, taken] :
       {std::pair(most, true), std::pair(most + 1, false),
        std::pair(std::uint64_t{1} << 60U, false)}) {
    FileSink sink(Image());
    ErofsWriter writer(&sink);
    ASSERT_THAT(writer.Begin(0), Succeeds());
    ASSERT_THAT(writer.Put(0, AsBytes(content)), Succeeds());
    const auto ended = writer.End(size);
    EXPECT_EQ(ended.has_value(), taken) << size;
    if (!taken) {
      EXPECT_THAT(ended, Fails(Reason::kNotSupported)) << size;
    }
  }
}

// Each of them would put 128 MiB into the image for one byte of the stream.
TEST_F(ErofsTarTest, RefusesFilesWithHolesOfMoreThan16TiBInAll) {
  constexpr std::uint64_t most = std::uint64_t{1} << 41U;
  FileSink sink(Image());
  ErofsWriter writer(&sink);
  const std::string content = "x";
  for (std::uint32_t node = 0; node < 10; ++node) {
    ASSERT_THAT(writer.Begin(node), Succeeds());
    ASSERT_THAT(writer.Put(0, AsBytes(content)), Succeeds());
    if (node < 8) {
      ASSERT_THAT(writer.End(most), Succeeds()) << node;
    } else if (node == 8) {
      EXPECT_THAT(writer.End(100'000), Fails(Reason::kNotSupported));
    } else {
      EXPECT_THAT(writer.End(1), Succeeds()) << "it has no holes";
    }
  }
}

TEST_F(ErofsTarTest, AFileWithTooManyHolesIsNamed) {
  Spill(Source() / "huge", "");
  fs::resize_file(Source() / "huge", (std::uintmax_t{1} << 41U) + 1);
  MakeStream(kExact);
  const auto streamed = Write();
  ASSERT_THAT(streamed, Fails(Reason::kNotSupported));
  EXPECT_EQ(streamed.error().ToString().find("tar member './huge': "), 0U)
      << streamed.error().ToString();
  ASSERT_OK_AND_ASSIGN(const SourceTree tree, ScanSource(Source()));
  FileSink sink(Image());
  ErofsWriter writer(&sink);
  const auto direct = WriteTree(tree, &writer, nullptr);
  ASSERT_THAT(direct, Fails(Reason::kNotSupported));
  EXPECT_EQ(direct.error().ToString().find(
                "source '" + (Source() / "huge").string() + "': "),
            0U)
      << direct.error().ToString();
}

// No kernel has it; in an image it made the volume unreadable.
TEST(SourceAttributes, ANameOfNothingIsNotKept) {
  EXPECT_FALSE(IsKeptAttribute("user."));
  EXPECT_TRUE(IsKeptAttribute("user.a"));
}

TEST_F(ErofsTarTest, UnpacksWhateverFormatTarWrites) {
  MakeModel(Source(), 300'000);
  fs::create_directories(Source() / std::string(120, 'd') /
                         std::string(120, 'e'));
  Spill(Source() / std::string(120, 'd') / std::string(120, 'e') / "f", "f");
  for (const char* format : {"--format=gnu", "--format=pax"}) {
    MakeStream({format, "--sparse"});
    ASSERT_THAT(Write(), Succeeds()) << format;
    ExpectUnpacks();
    fs::remove_all(folder_.path() / "out");
  }
}

TEST_F(ErofsTarTest, EverySparseFormatComesBack) {
  std::string content(1'000'000, '\0');
  content.replace(300'000, 4, "data");
  Spill(Source() / "sparse", content.substr(0, 0));
  {
    std::ofstream file(Source() / "sparse", std::ios::binary);
    file.seekp(300'000);
    file << "data";
  }
  fs::resize_file(Source() / "sparse", content.size());
  const std::vector<std::vector<std::string>> formats{
      {"--format=gnu", "--sparse"},
      {"--format=pax", "--sparse", "--sparse-version=0.0"},
      {"--format=pax", "--sparse", "--sparse-version=0.1"},
      {"--format=pax", "--sparse", "--sparse-version=1.0"}};
  for (const auto& format : formats) {
    MakeStream(format);
    ASSERT_THAT(Write(), Succeeds());
    ExpectUnpacks();
    fs::remove_all(folder_.path() / "out");
  }
}

TEST_F(ErofsTarTest, AFileAboveEightGigabytesKeepsItsSize) {
  {
    std::ofstream file(Source() / "large", std::ios::binary);
    file.seekp(9'000'000'000);
    file << "end";
  }
  for (const char* format : {"--format=gnu", "--format=pax"}) {
    MakeStream({format, "--sparse"});
    ASSERT_THAT(Write(), Succeeds());
    EXPECT_NE(Dump("/large").find("Size: 9000000003"), std::string::npos)
        << Dump("/large");
    EXPECT_LT(fs::file_size(Image()), 1'000'000U);
  }
}

TEST_F(ErofsTarTest, SourceDateEpochBecomesEveryTime) {
  MakeModel(Source(), 1000);
  ASSERT_EQ(::setenv("SOURCE_DATE_EPOCH", "1700000000", 1), 0);
  MakeStream(kExact);
  const auto written = Write();
  const std::string direct = DirectoryImage();
  ASSERT_EQ(::unsetenv("SOURCE_DATE_EPOCH"), 0);
  ASSERT_THAT(written, Succeeds());
  EXPECT_TRUE(Slurp(Image()) == direct);
}

TEST_F(ErofsTarTest, AttributesAndAccessListsAreThoseOfTheDirectory) {
  Spill(Source() / "f", "x");
  const std::string file = (Source() / "f").string();
  const std::string value("bytes\0=\n", 8);
  if (::setxattr(file.c_str(), "user.a", value.data(), value.size(), 0) != 0 ||
      RunTool({"setfacl", "-m", "u:1000:r,g:1001:rw", file}).exit_code != 0 ||
      RunTool({"setfacl", "-d", "-m", "u:7:rwx", Source().string()})
              .exit_code != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  auto options = kExact;
  options.emplace_back("--acls");
  MakeStream(options);
  ASSERT_THAT(Write(), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == DirectoryImage());
}

TEST_F(ErofsTarTest, FoldersThatNobodyDescribesAreMade) {
  ASSERT_THAT(WriteStream(TarBytes().File("a/b/c", "c").Close()), Succeeds());
  EXPECT_NE(Dump("/a/b").find("Access: 0755"), std::string::npos) << Dump("/a");
  ASSERT_THAT(
      WriteStream(
          TarBytes().File("a/c", "c").Member("a", '5', {}, {}, 0700).Close()),
      Succeeds());
  EXPECT_NE(Dump("/a").find("Access: 0700"), std::string::npos) << Dump("/a");
}

TEST_F(ErofsTarTest, MembersInAnyOrderGiveTheSameImage) {
  std::vector<std::string> names{"a/2",     "a/b/3", "a/b/c/1",
                                 "a/b/c/6", "a/c/1", "b/b/c/4",
                                 "b/b/5",   "b/c",   "7"};
  const auto image_of = [&](const std::vector<std::string>& order) {
    TarBytes stream;
    for (const std::string& name : order) {
      stream.File(name, "");  // content lies as it comes
    }
    EXPECT_THAT(WriteStream(stream.Close()), Succeeds());
    return Slurp(Image());
  };
  const std::string sorted = image_of(names);
  for (int i = 0; i < 100; ++i) {
    // Each order begins with another one of them and turns back and forth.
    std::rotate(names.begin(), names.begin() + 1 + i % 7, names.end());
    std::swap(names.front(), names[static_cast<std::size_t>(i) % 5 + 2]);
    EXPECT_TRUE(image_of(names) == sorted) << i;
  }
}

TEST_F(ErofsTarTest, AnEmptyArchiveIsAnEmptyFolder) {
  ASSERT_THAT(WriteStream(TarBytes().Close()), Succeeds());
  EXPECT_EQ(RunTool({"fsck.erofs", Image().string()}).exit_code, 0);
}

TEST_F(ErofsTarTest, ManyNamesOfOneFileAreOneFile) {
  TarBytes stream;
  stream.File("first", "content");
  for (int i = 0; i < 500; ++i) {
    stream.Member("l" + std::to_string(i), '1', {}, "./first");
  }
  ASSERT_THAT(WriteStream(stream.Close()), Succeeds());
  EXPECT_NE(Dump("/l499").find("Links: 501"), std::string::npos)
      << Dump("/l499");
}

TEST_F(ErofsTarTest, RefusalsNameTheMember) {
  EXPECT_NE(Refusal(TarBytes().Member("dev/null", '3').Close())
                .find("'dev/null' is a device"),
            std::string::npos);
  EXPECT_NE(Refusal(TarBytes().File("../up", "x").Close())
                .find("'../up' has '..' in its name"),
            std::string::npos);
}

// Who pipes a compressed layer, or nothing because docker failed, is told.
TEST_F(ErofsTarTest, WhatIsNoTarStreamIsNamed) {
  const struct {
    std::string bytes;
    const char* words;
  } rows[] = {
      {"", "tar stream is empty"},
      {"\x1f\x8b\x08" + std::string(2000, 'z'), "by gzip: put 'gzip -dc |'"},
      {"BZh91AY" + std::string(2000, 'z'), "by bzip2"},
      {"\xfd"
       "7zXZ" +
           std::string(2000, 'z'),
       "by xz"},
      {"\x28\xb5\x2f\xfd" + std::string(2000, 'z'), "by zstd"},
      {"\x04\x22\x4d\x18" + std::string(2000, 'z'), "by lz4"},
      {"<html>" + std::string(2000, 'z'), "no tar stream"},
  };
  for (const auto& row : rows) {
    EXPECT_NE(Refusal(row.bytes).find(row.words), std::string::npos)
        << row.words;
  }
}

// A member in GNU's sparse format 1.0: real size, then the list of what is
// between the holes in the first block of the content.
std::string SparseStream(const std::string& size, const std::string& list,
                         std::size_t content) {
  std::string records;
  for (const std::string& record :
       {std::string("GNU.sparse.major=1"), std::string("GNU.sparse.minor=0"),
        "GNU.sparse.realsize=" + size}) {
    // Length (two digits), blank, record, newline.
    records += std::to_string(record.size() + 4) + " " + record + "\n";
  }
  std::string block = list;
  block.resize(512, '\0');
  return TarBytes()
      .Member("pax", 'x', records)
      .File("f", block + std::string(content, 'd'))
      .Close();
}

TEST_F(ErofsTarTest, AListOfHolesThatFitsIsTaken) {
  EXPECT_THAT(WriteStream(SparseStream("100000", "1\n0\n5120\n", 5120)),
              Succeeds());
  EXPECT_THAT(WriteStream(SparseStream("100000", "1\n100000\n0\n", 0)),
              Succeeds());
}

// A file with one record of a PAX header.
std::string WithRecord(const std::string& record, char kind = '0') {
  const std::size_t length = record.size() + 2;  // and its own digits
  const std::size_t digits = std::to_string(length + 2).size();
  return TarBytes()
      .Member("pax", 'x', std::to_string(length + digits) + " " + record + "\n")
      .Member("f", kind)
      .Close();
}

// The kernel would refuse to set or to show them.
TEST_F(ErofsTarTest, AccessListsThatNoKernelTakesAreRefused) {
  const std::string named = "user::rw-,user:5:r--,group::r--,";
  EXPECT_THAT(WriteStream(WithRecord("SCHILY.acl.access=" + named +
                                     "mask::r--,other::r--")),
              Succeeds());
  EXPECT_NE(
      Refusal(WithRecord("SCHILY.acl.access=" + named + "other::r--"))
          .find("'f' has an access control list without all of its entries"),
      std::string::npos);
  const std::string initial = "user::rwx,group::r-x,other::r-x";
  EXPECT_THAT(WriteStream(WithRecord("SCHILY.acl.default=" + initial, '5')),
              Succeeds());
  EXPECT_NE(
      Refusal(WithRecord("SCHILY.acl.default=" + initial))
          .find("'f' has a default access control list, but is no folder"),
      std::string::npos);
}

// squashfs would hold them, and nobody could extract the files.
TEST_F(ErofsTarTest, AttributesThatNoKernelTakesAreRefused) {
  const std::string most = "SCHILY.xattr.user." + std::string(250, 'n') + "=";
  EXPECT_THAT(WriteStream(WithRecord(most + "1")), Succeeds());
  const std::string longer =
      "SCHILY.xattr.user." + std::string(251, 'n') + "=1";
  const std::string larger = "SCHILY.xattr.user.a=" + std::string(65537, 'v');
  for (const std::string& record : {longer, larger}) {
    EXPECT_NE(Refusal(WithRecord(record))
                  .find("'f' has an extended attribute with a value of more "
                        "than 64 KiB or a name of more than 255 bytes"),
              std::string::npos);
  }
}

struct BadStream {
  const char* name;
  std::string (*make)();
};

class BadStreams : public ErofsTarTest,
                   public ::testing::WithParamInterface<BadStream> {};

TEST_P(BadStreams, AreRefused) {
  EXPECT_THAT(WriteStream(GetParam().make()), Fails(Reason::kFileInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadStreams,
    ::testing::Values(
        BadStream{"Nothing", [] { return std::string(); }},
        BadStream{"LessContentThanListed",
                  [] { return SparseStream("100000", "1\n0\n5120\n", 512); }},
        BadStream{"NoContentThoughListed",
                  [] { return SparseStream("100000", "1\n0\n5120\n", 0); }},
        BadStream{"NoContentOfAWholeFile",
                  [] { return SparseStream("5120", "1\n0\n5120\n", 0); }},
        BadStream{"NoTar", [] { return std::string(10'000, 'x'); }},
        BadStream{"Gzip",
                  [] {
                    return std::string("\x1f\x8b\x08\0", 4) +
                           std::string(2000, 'z');
                  }},
        BadStream{"CharacterDevice",
                  [] { return TarBytes().Member("d", '3').Close(); }},
        BadStream{"BlockDevice",
                  [] { return TarBytes().Member("d", '4').Close(); }},
        BadStream{"Absolute",
                  [] { return TarBytes().File("/etc/x", "x").Close(); }},
        BadStream{"DotsFirst",
                  [] { return TarBytes().File("../x", "x").Close(); }},
        BadStream{"DotsWithin",
                  [] { return TarBytes().File("a/../x", "x").Close(); }},
        BadStream{"DotsLast", [] { return TarBytes().Folder("a/..").Close(); }},
        BadStream{
            "DoubledFile",
            [] { return TarBytes().File("a", "1").File("./a", "2").Close(); }},
        BadStream{"DoubledFolder",
                  [] { return TarBytes().Folder("a").Folder("a/").Close(); }},
        BadStream{"DoubledRoot",
                  [] { return TarBytes().Folder("./").Folder(".").Close(); }},
        BadStream{
            "FileOverFolder",
            [] { return TarBytes().File("a/b", "1").File("a", "2").Close(); }},
        BadStream{"FolderOverFile",
                  [] { return TarBytes().File("a", "1").Folder("a").Close(); }},
        BadStream{
            "BeneathAFile",
            [] { return TarBytes().File("a", "1").File("a/b", "2").Close(); }},
        BadStream{"BeneathALink",
                  [] {
                    return TarBytes()
                        .Member("a", '2', {}, "/etc")
                        .File("a/b", "2")
                        .Close();
                  }},
        BadStream{
            "LinkToNothing",
            [] { return TarBytes().Member("l", '1', {}, "gone").Close(); }},
        BadStream{
            "LinkToFolder",
            [] {
              return TarBytes().Folder("a").Member("l", '1', {}, "a").Close();
            }},
        BadStream{
            "LinkOutside",
            [] {
              return TarBytes().Member("l", '1', {}, "../etc/passwd").Close();
            }},
        BadStream{"LinkOverFile",
                  [] {
                    return TarBytes()
                        .File("a", "1")
                        .File("b", "2")
                        .Member("b", '1', {}, "a")
                        .Close();
                  }},
        BadStream{"EmptySymbolicLink",
                  [] { return TarBytes().Member("l", '2').Close(); }},
        BadStream{"NoEnd", [] { return TarBytes().File("a", "1").open(); }},
        BadStream{"HalfAnEnd",
                  [] {
                    return TarBytes().File("a", "1").open() +
                           std::string(512, '\0');
                  }},
        BadStream{"MoreBehindTheEnd",
                  [] {
                    return TarBytes().File("a", "1").Close() +
                           TarBytes().File("b", "2").Close();
                  }}),
    [](const auto& row) { return row.param.name; });

TEST_F(ErofsTarTest, EveryTruncationIsRefused) {
  const std::string stream = TarBytes()
                                 .Folder("a")
                                 .File("a/b", std::string(1500, 'b'))
                                 .Member("a/l", '2', {}, "b")
                                 .Close();
  for (std::size_t size = 0; size < stream.size(); size += 64) {
    EXPECT_THAT(WriteStream(stream.substr(0, size)),
                Fails(Reason::kFileInvalid))
        << size;
  }
  EXPECT_THAT(WriteStream(stream), Succeeds());
}

TEST_F(ErofsTarTest, AReadErrorIsNotTheEnd) {
  const UniqueFd folder(::open(Source().c_str(), O_RDONLY | O_CLOEXEC));
  FileSink sink(Image());
  ErofsWriter writer(&sink);
  EXPECT_THAT(WriteTar(folder.get(), &writer, nullptr),
              Fails(Reason::kFileUnreadable));
}

}  // namespace
}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/hex.h"
#include "luks/image/crc32c.h"
#include "luks/image/tree_image.h"
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

// SOURCE_DATE_EPOCH for the rest of a test.
class Epoch {
 public:
  explicit Epoch(const char* value) {
    EXPECT_EQ(::setenv("SOURCE_DATE_EPOCH", value, 1), 0);
  }
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;
  ~Epoch() { (void)::unsetenv("SOURCE_DATE_EPOCH"); }
};

class ErofsImageTest : public ::testing::Test {
 protected:
  ErofsImageTest() { fs::create_directory(Source()); }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }
  Result<void> Write(const fs::path& image) const {
    ASSIGN_OR_RETURN(const SourceTree tree, ScanSource(Source()));
    FileSink sink(image);
    ErofsWriter writer(&sink);
    return WriteTree(tree, &writer, nullptr);
  }
  // Writes, has fsck.erofs check and unpack it, and compares the trees.
  void ExpectComesBack() const {
    ASSERT_THAT(Write(Image()), Succeeds());
    const fs::path out = folder_.path() / "out";
    const ToolResult checked =
        RunTool({"fsck.erofs", "--extract=" + out.string(), Image().string()});
    ASSERT_EQ(checked.exit_code, 0) << checked.output;
    EXPECT_TRUE(Tree(out) == Tree(Source()));
  }
  // What dump.erofs says about one path.
  std::string Dump(const std::string& path) const {
    return RunTool({"dump.erofs", "--path=" + path, Image().string()}).output;
  }
  TemporaryFolder folder_;
};

TEST_F(ErofsImageTest, AModelComesBack) {
  MakeModel(Source(), 3'000'001);
  ExpectComesBack();
}

TEST_F(ErofsImageTest, AnEmptyFolderComesBack) { ExpectComesBack(); }

TEST_F(ErofsImageTest, SizesAroundBlockAndChunkComeBack) {
  for (const std::size_t size : {1U, 4095U, 4096U, 4097U, 8192U, 65535U, 65536U,
                                 65537U, 1048576U, 1048577U}) {
    Spill(Source() / std::to_string(size), std::string(size, 'x'));
  }
  ExpectComesBack();
}

TEST_F(ErofsImageTest, FoldersOfEverySizeComeBack) {
  // Of one entry more each, across the end of the first and second block.
  for (const int count : {1, 60, 61, 62, 63, 64, 65, 130, 131, 132, 2000}) {
    const fs::path folder = Source() / std::to_string(count);
    fs::create_directory(folder);
    for (int i = 0; i < count; ++i) {
      Spill(folder / (std::to_string(i) + std::string(50, 'n')), "");
    }
  }
  ExpectComesBack();
}

TEST_F(ErofsImageTest, LongAndOddNamesComeBack) {
  for (int i = 0; i < 40; ++i) {
    Spill(Source() / (std::string(253, 'l') + std::to_string(10 + i)), "l");
  }
  for (const char* name : {"!", "-x", ".hidden", ".-x", ".\x01", "..two", " ",
                           "\xff\xfe", "new\nline", "\xc3\xa4"}) {
    Spill(Source() / name, name);
  }
  ExpectComesBack();
}

TEST_F(ErofsImageTest, DeepFoldersComeBack) {
  fs::path deep = Source();
  for (int i = 0; i < 300; ++i) {
    deep /= "d";
  }
  fs::create_directories(deep);
  Spill(deep / "leaf", "leaf");
  ExpectComesBack();
}

TEST_F(ErofsImageTest, LinksOfEverySizeComeBack) {
  for (const std::size_t size :
       {1U, 63U, 64U, 1000U, 4000U, 4031U, 4032U, 4033U, 4095U}) {
    fs::create_symlink(std::string(size, 't'),
                       Source() / ("l" + std::to_string(size)));
  }
  ExpectComesBack();
}

TEST_F(ErofsImageTest, HardLinksStayOneFile) {
  Spill(Source() / "a", std::string(200'000, 'a'));
  fs::create_directory(Source() / "sub");
  fs::create_hard_link(Source() / "a", Source() / "sub" / "b");
  fs::create_hard_link(Source() / "a", Source() / "c");
  ExpectComesBack();
  EXPECT_LT(fs::file_size(Image()), 300'000U);
  const auto nid = [](const std::string& dump) {
    return dump.substr(0, dump.find("Links"));
  };
  EXPECT_NE(Dump("/a").find("Links: 3"), std::string::npos) << Dump("/a");
  EXPECT_EQ(nid(Dump("/a")).substr(nid(Dump("/a")).find("NID")),
            nid(Dump("/sub/b")).substr(nid(Dump("/sub/b")).find("NID")));
}

TEST_F(ErofsImageTest, HolesTakeNoSpaceAndComeBack) {
  std::string content(1'000'000, '\0');
  content.replace(300'000, 4, "data");
  Spill(Source() / "middle", content);
  Spill(Source() / "tail", "head" + std::string(500'000, '\0'));
  Spill(Source() / "nothing", std::string(77'777, '\0'));
  ExpectComesBack();
  EXPECT_LT(fs::file_size(Image()), 300'000U);
}

TEST_F(ErofsImageTest, ADenseCopyOfASparseFileGivesTheSameImage) {
  const Epoch epoch("1700000000");
  Spill(Source() / "model", "");
  fs::resize_file(Source() / "model", 5'000'000);
  ASSERT_THAT(Write(Image()), Succeeds());
  Spill(Source() / "model", std::string(5'000'000, '\0'));
  const fs::path dense = folder_.path() / "dense";
  ASSERT_THAT(Write(dense), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == Slurp(dense));
}

TEST_F(ErofsImageTest, AFileAboveFourGigabytesKeepsItsEnds) {
  constexpr std::uint64_t size = 5'000'000'001;
  {
    std::ofstream file(Source() / "large", std::ios::binary);
    file.write("begin", 5);
    file.seekp(static_cast<std::streamoff>(size - 3));
    file.write("end", 3);
  }
  ASSERT_THAT(Write(Image()), Succeeds());
  EXPECT_LT(fs::file_size(Image()), 1'000'000U);
  EXPECT_NE(Dump("/large").find("Size: 5000000001"), std::string::npos)
      << Dump("/large");
}

TEST_F(ErofsImageTest, ModesOwnersTimesAndFifosAreKept) {
  Spill(Source() / "f", "x");
  ASSERT_EQ(::chmod((Source() / "f").c_str(), 0640), 0);
  ASSERT_EQ(::mkfifo((Source() / "fifo").c_str(), 0600), 0);
  const std::array<timespec, 2> times{{{1, 0}, {1'500'000'000, 5}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (Source() / "f").c_str(), times.data(), 0),
            0);
  ASSERT_THAT(Write(Image()), Succeeds());
  const std::string dump = Dump("/f");
  EXPECT_NE(dump.find("Access: 0640/rw-r-----"), std::string::npos) << dump;
  EXPECT_NE(dump.find("2017-07-14 02:40:00.000000005"), std::string::npos)
      << dump;
  EXPECT_EQ(RunTool({"fsck.erofs", Image().string()}).exit_code, 0);
  EXPECT_NE(Dump("/fifo").find("0600"), std::string::npos);
}

TEST_F(ErofsImageTest, AttributesOfTheUserAreKept) {
  Spill(Source() / "f", "x");
  const std::string value(5000, 'v');
  if (::setxattr((Source() / "f").c_str(), "user.long", value.data(), 2000,
                 0) != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  ASSERT_EQ(::setxattr((Source() / "f").c_str(), "user.a", "1", 1, 0), 0);
  ASSERT_EQ(::setxattr(Source().c_str(), "user.root", "yes", 3, 0), 0);
  ASSERT_THAT(Write(Image()), Succeeds());
  EXPECT_EQ(RunTool({"fsck.erofs", Image().string()}).exit_code, 0);
  EXPECT_NE(Slurp(Image()).find(std::string("long") + value.substr(0, 2000)),
            std::string::npos);
  EXPECT_NE(Dump("/f").find("Xattr size: 2028"), std::string::npos)
      << Dump("/f");
}

TEST_F(ErofsImageTest, TheImageDependsOnTheTreeAlone) {
  MakeModel(Source(), 100'000);
  const fs::path other = folder_.path() / "other";
  ASSERT_THAT(Write(Image()), Succeeds());
  ASSERT_THAT(Write(other), Succeeds());
  EXPECT_TRUE(Slurp(Image()) == Slurp(other));
}

TEST_F(ErofsImageTest, SourceDateEpochBecomesEveryTime) {
  Spill(Source() / "f", "x");
  const Epoch epoch("1700000000");
  ASSERT_THAT(Write(Image()), Succeeds());
  EXPECT_NE(Dump("/f").find("2023-11-14 22:13:20.000000000"), std::string::npos)
      << Dump("/f");
  const Epoch no_number("soon");
  EXPECT_THAT(Write(Image()), Fails(Reason::kUsage));
}

TEST_F(ErofsImageTest, ASocketIsRefusedByName) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (Source() / "s").string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(
      ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
      0);
  ::close(socket);
  const auto written = Write(Image());
  EXPECT_THAT(written, Fails(Reason::kFileInvalid));
  EXPECT_NE(Result<void>(written).error().ToString().find("'" + path +
                                                          "' is a socket"),
            std::string::npos);
}

TEST_F(ErofsImageTest, ADeviceIsRefused) {
  EXPECT_THAT(ScanSource("/dev"), Fails(Reason::kFileInvalid));
}

TEST_F(ErofsImageTest, AFileThatChangedSinceTheScanIsRefused) {
  Spill(Source() / "f", "12345");
  for (const char* content : {"1234", "123456"}) {
    ASSERT_OK_AND_ASSIGN(const SourceTree tree, ScanSource(Source()));
    Spill(Source() / "f", content);
    FileSink sink(Image());
    ErofsWriter writer(&sink);
    EXPECT_THAT(WriteTree(tree, &writer, nullptr),
                Fails(Reason::kFileUnreadable));
    Spill(Source() / "f", "12345");
  }
}

// Its own time would be packed with another's content.
TEST_F(ErofsImageTest, AFileReplacedSinceTheScanIsRefused) {
  const fs::path file = Source() / "f";
  for (const bool keeps_time : {false, true}) {
    for (const bool has_epoch : {false, true}) {
      Spill(file, "12345");
      fs::last_write_time(file, fs::file_time_type() + std::chrono::hours(1));
      std::optional<Epoch> epoch;
      if (has_epoch) {
        epoch.emplace("1700000000");
      }
      ASSERT_OK_AND_ASSIGN(const SourceTree tree, ScanSource(Source()));
      struct stat before {};
      struct stat after {};
      ASSERT_EQ(::stat(file.c_str(), &before), 0);
      Spill(folder_.path() / "other", "54321");
      fs::rename(folder_.path() / "other", file);
      // A file system's clock may stand still for some milliseconds.
      do {
        fs::last_write_time(file, fs::file_time_type() +
                                      std::chrono::hours(keeps_time ? 1 : 2));
        ASSERT_EQ(::stat(file.c_str(), &after), 0);
      } while (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
               after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
      FileSink sink(Image());
      ErofsWriter writer(&sink);
      EXPECT_THAT(WriteTree(tree, &writer, nullptr),
                  Fails(Reason::kFileUnreadable))
          << keeps_time << has_epoch;
    }
  }
}

TEST_F(ErofsImageTest, AFileWrittenToWhileItIsReadIsRefused) {
  Spill(Source() / "f", std::string(3'000'000, 'x'));
  for (const char* change : {"longer", "same size"}) {
    ASSERT_OK_AND_ASSIGN(const SourceTree tree, ScanSource(Source()));
    bool changed = false;
    const auto meddle = [&](std::uint64_t, std::uint64_t) {
      if (!std::exchange(changed, true)) {
        std::ofstream file(Source() / "f",
                           std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(change == std::string("longer") ? 3'000'000 : 5);
        file << "y";
      }
    };
    FileSink sink(Image());
    ErofsWriter writer(&sink);
    EXPECT_THAT(WriteTree(tree, &writer, meddle),
                Fails(Reason::kFileUnreadable))
        << change;
  }
}

TEST(Crc32c, GivesTheCheckValueOfItsDefinition) {
  // "123456789" gives 0xe3069283 with the inversion at the end.
  EXPECT_EQ(~Crc32c(AsBytes("123456789")), 0xe3069283U);
}

}  // namespace
}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_reader.h"

#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/foreign_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::TemporaryFolder;
using testing::TextBytes;
using testing::ToolResult;
using testing::Words;

namespace fs = std::filesystem;

// Reads everything, as extract does.
Result<std::uint64_t> ReadSquashfs(const std::string& image) {
  TextBytes source(image);
  ASSIGN_OR_RETURN(const auto reader, SquashfsReader::Open(&source));
  std::uint64_t bytes = 0;
  const auto read = [&](const TreeVisit& visit) -> Result<void> {
    RETURN_IF_ERROR(reader->Attributes(visit.node));
    if (!S_ISREG(visit.node.mode) || !visit.first.empty()) {
      return {};
    }
    return reader->Content(visit.node,
                           [&bytes](std::uint64_t, auto piece) -> Result<void> {
                             bytes += piece.size();
                             return {};
                           });
  };
  RETURN_IF_ERROR(reader->Walk(read));
  return bytes;
}

// Images of mksquashfs in the form that our writer gives them, metadata left
// uncompressed, so that edits tell by their meaning.
class SquashfsReaderTest : public ::testing::Test {
 protected:
  SquashfsReaderTest() {
    fs::create_directories(Source() / "folder" / "NAMENAME");
    Spill(Source() / "folder" / "aaaaaaaa", "a");
    Spill(Source() / "weights", Noise(300'000));
    fs::create_symlink("folder/aaaaaaaa", Source() / "link");
  }
  fs::path Source() const { return folder_.path() / "source"; }
  static std::string Noise(std::size_t size) {
    std::mt19937 numbers(7);
    std::string noise(size, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(numbers());
    }
    return noise;
  }
  std::string Make(const Words& more = {"-comp", "zstd", "-b", "128K",
                                        "-no-fragments"}) const {
    const fs::path image = folder_.path() / "image";
    Words command = {"mksquashfs", Source().string(), image.string(),
                     "-noI",       "-noappend",       "-no-progress"};
    command.insert(command.end(), more.begin(), more.end());
    const ToolResult made = RunTool(command);
    EXPECT_EQ(made.exit_code, 0) << made.output;
    return Slurp(image);
  }
  // Where an entry of a folder begins: place of its inode in 16 bits,
  // difference of numbers, kind and length in as many, then the name.
  static std::size_t EntryOf(const std::string& image,
                             const std::string& name) {
    const std::size_t at = image.find(name);
    EXPECT_NE(at, std::string::npos) << name;
    return at - 8;
  }
  static void Put(std::string* image, std::size_t at, std::uint64_t number,
                  std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      (*image)[at + i] = static_cast<char>(number >> (8 * i));
    }
  }
  TemporaryFolder folder_;
};

TEST_F(SquashfsReaderTest, ReadsWhatMksquashfsMakes) {
  ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, ReadSquashfs(Make()));
  EXPECT_EQ(bytes, 300'001U);
}

TEST_F(SquashfsReaderTest, FormsThatOurWriterDoesNotMakeAreNamed) {
  EXPECT_THAT(ReadSquashfs(Make({"-comp", "gzip", "-no-fragments"})),
              Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadSquashfs(Make({"-comp", "zstd", "-b", "1M"})),
              Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadSquashfs(Make({"-comp", "zstd", "-b", "128K"})),
              Fails(Reason::kNotSupported));  // fragments
}

TEST_F(SquashfsReaderTest, ADeviceIsRefused) {
  for (const char* device : {"dev c 666 0 0 1 3", "disk b 666 0 0 8 0"}) {
    EXPECT_THAT(ReadSquashfs(Make({"-comp", "zstd", "-b", "128K",
                                   "-no-fragments", "-p", device})),
                Fails(Reason::kImageCorrupt));
  }
}

TEST_F(SquashfsReaderTest, NamesThatLeadElsewhereAreRefused) {
  const std::string good = Make();
  using std::string_literals::operator""s;
  for (const std::string& name :
       {"../../ab"s, "/etc/abc"s, "zz/b/c/d"s, "..\0xxxxx"s, "aaaaaaaa"s}) {
    std::string image = good;
    image.replace(EntryOf(image, "NAMENAME") + 8, 8, name);
    EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt)) << name;
  }
  for (const char* dots : {".", ".."}) {
    std::string image = good;
    const std::size_t entry = EntryOf(image, "aaaaaaaa");
    Put(&image, entry + 6, std::string_view(dots).size() - 1, 2);
    image.replace(entry + 8, 2, std::string(dots) + "aaaa", 0, 2);
    EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt)) << dots;
  }
}

TEST_F(SquashfsReaderTest, AFolderInsideItselfIsRefused) {
  std::string image = Make();
  const std::size_t inner = EntryOf(image, "NAMENAME");
  const std::size_t outer = EntryOf(image, "folder");
  image.replace(inner, 2, image, outer, 2);
  EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt));
}

TEST_F(SquashfsReaderTest, BlocksOfManyFilesAreRefused) {
  for (int i = 0; i < 20; ++i) {  // mksquashfs stores them once
    fs::copy_file(Source() / "weights",
                  Source() / ("copy" + std::to_string(i)));
  }
  EXPECT_THAT(ReadSquashfs(Make()), Fails(Reason::kImageCorrupt));
}

// The file's inode of 16 + 16 bytes: place, fragment, offset, size.
TEST_F(SquashfsReaderTest, SizesThatLieAreRefused) {
  const std::string good = Make();
  const std::string size("\xe0\x93\x04\0", 4);  // 300,000
  const std::size_t file =
      good.find("\xff\xff\xff\xff" + std::string(4, '\0') + size);
  ASSERT_NE(file, std::string::npos);
  for (const std::uint32_t lie :
       {1U, 299'999U, 300'001U, 393'217U, 0x7fffffffU, 0xffffffffU}) {
    std::string image = good;
    Put(&image, file + 8, lie, 4);
    EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt)) << lie;
  }
  const std::size_t target = good.find("folder/aaaaaaaa");
  ASSERT_NE(target, std::string::npos);
  for (const std::uint32_t lie : {0U, 4'096U, 0x7fffffffU, 0xffffffffU}) {
    std::string image = good;
    Put(&image, target - 4, lie, 4);
    EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt)) << lie;
  }
}

// A second name makes it an extended inode, whose size has 64 bits.
TEST_F(SquashfsReaderTest, AFileOf16TebibytesWithoutItsListIsRefused) {
  fs::create_hard_link(Source() / "weights", Source() / "second");
  std::string image = Make();
  // Size, bytes of holes, names, no fragment.
  const std::size_t size = image.find(
      std::string("\xe0\x93\x04\0\0\0\0\0", 8) + std::string(8, '\0') +
      std::string("\2\0\0\0", 4) + "\xff\xff\xff\xff");
  ASSERT_NE(size, std::string::npos);
  ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, ReadSquashfs(image));
  EXPECT_EQ(bytes, 300'001U);
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 44U;
  Put(&image, size, most_bytes - 1'000, 8);
  EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kImageCorrupt));
  Put(&image, size, most_bytes + 1, 8);
  EXPECT_THAT(ReadSquashfs(image), Fails(Reason::kNotSupported));
}

struct SquashfsEdit {
  const char* name;
  std::size_t at;  // byte in the superblock
  std::uint64_t number;
  std::size_t size;
};

class HostileSquashfs : public SquashfsReaderTest,
                        public ::testing::WithParamInterface<SquashfsEdit> {};

TEST_P(HostileSquashfs, IsRefused) {
  std::string image = Make();
  Put(&image, GetParam().at, GetParam().number, GetParam().size);
  EXPECT_FALSE(ReadSquashfs(image).has_value());
}

constexpr std::uint64_t kFar = std::uint64_t{1} << 62U;

INSTANTIATE_TEST_SUITE_P(
    All, HostileSquashfs,
    ::testing::Values(SquashfsEdit{"Magic", 0, 0, 4},
                      SquashfsEdit{"NoInodes", 4, 0, 4},
                      SquashfsEdit{"OneInodeFewer", 4, 5, 4},
                      SquashfsEdit{"BlockSize", 12, 0, 4},
                      SquashfsEdit{"HugeBlockSize", 12, 0x80000000, 4},
                      SquashfsEdit{"Compression", 20, 99, 2},
                      SquashfsEdit{"NoOwners", 26, 0, 2},
                      SquashfsEdit{"ManyOwners", 26, 0xffff, 2},
                      SquashfsEdit{"Root", 32, 0xffff0000, 8},
                      SquashfsEdit{"RootOffset", 32, 0xfff0, 8},
                      SquashfsEdit{"Size", 40, kFar, 8},
                      SquashfsEdit{"NoSize", 40, 0, 8},
                      SquashfsEdit{"Owners", 48, kFar, 8},
                      SquashfsEdit{"InodeTable", 64, kFar, 8},
                      SquashfsEdit{"NoInodeTable", 64, 0, 8},
                      SquashfsEdit{"FolderTable", 72, kFar, 8},
                      SquashfsEdit{"NoFolderTable", 72, 0, 8}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(SquashfsReaderTest, FlippedBitsNeverDoHarm) {
  Spill(Source() / "weights", "small, so that most of it is metadata");
  const std::string good = Make();
  std::mt19937 numbers(1);
  for (int round = 0; round < 3'000; ++round) {
    std::string bad = good;
    for (int flip = 0; flip < 4; ++flip) {
      char& byte = bad[numbers() % 1'024];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << numbers() % 8));
    }
    (void)ReadSquashfs(bad).has_value();
  }
}

TEST_F(SquashfsReaderTest, CutOffAnywhereIsRefused) {
  const std::string good = Make();
  for (std::size_t size = 0; size < 300'900; size += 997) {
    EXPECT_FALSE(ReadSquashfs(good.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace tdxvfs::image

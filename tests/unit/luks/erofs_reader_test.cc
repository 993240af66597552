// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_reader.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/hex.h"
#include "luks/image/erofs_walk.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::ErofsOf;
using testing::Fails;
using testing::MakeModel;
using testing::MendErofs;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TextSource;

constexpr std::size_t kSuper = 1024;

// Reads everything there is in an image.
Result<void> ReadAll(std::string image) {
  TextSource source(std::move(image));
  ASSIGN_OR_RETURN(ErofsReader reader, ErofsReader::Open(&source));
  return WalkErofs(&reader, [&reader](const ErofsVisit& visit) -> Result<void> {
    RETURN_IF_ERROR(reader.Attributes(visit.node));
    if (S_ISLNK(visit.node.mode)) {
      RETURN_IF_ERROR(reader.LinkTarget(visit.node));
    }
    if (S_ISREG(visit.node.mode)) {
      return reader.Content(visit.node,
                            [](std::uint64_t, std::span<const std::uint8_t>) {
                              return Result<void>();
                            });
    }
    return {};
  });
}

// An image of: root (folder "sub", file "f" of 5000 bytes, link "l"), and the
// places of its parts, found by reading it.
class CraftedErofsTest : public ::testing::Test {
 protected:
  CraftedErofsTest() {
    const auto source = folder_.path() / "source";
    std::filesystem::create_directories(source / "sub");
    Spill(source / "f", std::string(5000, 'f'));
    Spill(source / "hole", std::string(100'000, '\0') + "x");
    Spill(source / "sub" / "leaf", "leaf");
    std::filesystem::create_symlink("target", source / "l");
    image_ = ErofsOf(source);
    TextSource copy(image_);
    auto reader = ErofsReader::Open(&copy);
    root_ = reader->root();
    metadata_ = Number(kSuper + 40, 4) * kErofsBlock;
    EXPECT_THAT(WalkErofs(&*reader,
                          [this](const ErofsVisit& visit) -> Result<void> {
                            inodes_[visit.path] = visit.node.number;
                            return {};
                          }),
                Succeeds());
  }
  std::uint64_t Number(std::size_t at, std::size_t size) const {
    std::uint64_t number = 0;
    for (std::size_t i = size; i > 0; --i) {
      number = number << 8U | static_cast<std::uint8_t>(image_[at + i - 1]);
    }
    return number;
  }
  std::size_t InodeAt(const std::string& path) const {
    return metadata_ + inodes_.at(path) * kErofsSlot;
  }
  // A little-endian number in a copy of the image, its checksum mended.
  std::string With(std::size_t at, std::size_t size,
                   std::uint64_t number) const {
    std::string image = image_;
    for (std::size_t i = 0; i < size; ++i) {
      image.at(at + i) = static_cast<char>(number >> (8U * i));
    }
    MendErofs(&image);
    return image;
  }
  // Where the entry of a name in the root begins; the root is inline.
  std::size_t EntryAt(std::size_t index) const {
    return InodeAt("") + kErofsInode + index * 12;
  }

  TemporaryFolder folder_;
  std::string image_;
  std::uint64_t root_ = 0;
  std::size_t metadata_ = 0;
  std::map<std::string, std::uint64_t> inodes_;
};

TEST_F(CraftedErofsTest, TheUnchangedImageIsRead) {
  EXPECT_THAT(ReadAll(image_), Succeeds());
  EXPECT_EQ(inodes_.size(), 6U);
}

TEST_F(CraftedErofsTest, ForeignSuperBlocksAreRefused) {
  EXPECT_THAT(ReadAll(With(kSuper, 4, 0)), Fails(Reason::kNotSupported));
  // Compression, other blocks, extra slots, shared attributes, devices.
  EXPECT_THAT(ReadAll(With(kSuper + 80, 4, 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(kSuper + 8, 4, 7)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(kSuper + 12, 1, 9)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(kSuper + 13, 1, 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(kSuper + 44, 4, 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(kSuper + 86, 2, 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(""), Fails(Reason::kImageCorrupt));
  std::string unmended = image_;
  unmended[kSuper + 16] = 9;
  EXPECT_THAT(ReadAll(unmended), Fails(Reason::kImageCorrupt));
}

TEST_F(CraftedErofsTest, SuperBlocksThatLeadOutsideAreRefused) {
  for (const std::uint64_t blocks : {0ULL, 1ULL, 0xffffffffULL}) {
    EXPECT_THAT(ReadAll(With(kSuper + 36, 4, blocks)),
                Fails(Reason::kImageCorrupt));
  }
  EXPECT_THAT(ReadAll(With(kSuper + 40, 4, 0xffffffff)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(kSuper + 16, 8, ~0ULL)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(kSuper + 16, 8, 5)), Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(kSuper + 14, 2, 0)), Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(kSuper + 14, 2, 0xffff)),
              Fails(Reason::kImageCorrupt));
  // The root is a file.
  EXPECT_THAT(ReadAll(With(kSuper + 14, 2, inodes_.at("f"))),
              Fails(Reason::kImageCorrupt));
}

TEST_F(CraftedErofsTest, InodesThatLieAreRefused) {
  const std::size_t file = InodeAt("f");
  // Compact inodes, compressed layouts, a device, a chunk format.
  EXPECT_THAT(ReadAll(With(file, 2, 0)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(file, 2, 1 | 1 << 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(file, 2, 1 | 3 << 1)), Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(file + 4, 2, 0020644)),
              Fails(Reason::kNotSupported));
  EXPECT_THAT(ReadAll(With(InodeAt("hole") + 16, 4, 5)),
              Fails(Reason::kNotSupported));
  // Content outside, sizes that cannot be, times that cannot be.
  EXPECT_THAT(ReadAll(With(file + 16, 4, 0xfffffffe)),
              Fails(Reason::kImageCorrupt));
  for (const std::uint64_t size :
       {std::uint64_t{10'000'000}, std::uint64_t{1} << 62U,
        ~std::uint64_t{0}}) {
    EXPECT_THAT(ReadAll(With(file + 8, 8, size)), Fails(Reason::kImageCorrupt));
    // Chunks may be many times as large as the image.
    if (size > 10'000'000) {
      EXPECT_THAT(ReadAll(With(InodeAt("hole") + 8, 8, size)),
                  Fails(Reason::kImageCorrupt));
    }
    EXPECT_THAT(ReadAll(With(InodeAt("l") + 8, 8, size)),
                Fails(Reason::kImageCorrupt));
    EXPECT_THAT(ReadAll(With(InodeAt("sub") + 8, 8, size)),
                Fails(Reason::kImageCorrupt));
  }
  EXPECT_THAT(ReadAll(With(file + 40, 4, 1'000'000'000)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(file + 44, 4, 0)), Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(file + 2, 2, 0xffff)), Fails(Reason::kImageCorrupt));
}

TEST_F(CraftedErofsTest, AChunkOutsideTheImageIsRefused) {
  const std::size_t chunks = InodeAt("hole") + kErofsInode;
  EXPECT_THAT(ReadAll(With(chunks, 4, 0xffffffff)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(chunks + 4, 4, image_.size() / kErofsBlock)),
              Fails(Reason::kImageCorrupt));
}

// The root's entries in order: ".", "..", "f", "hole", "l", "sub".
TEST_F(CraftedErofsTest, FoldersInsideThemselvesAreRefused) {
  EXPECT_THAT(ReadAll(With(EntryAt(5), 8, root_)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(EntryAt(0), 8, inodes_.at("sub"))),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(EntryAt(1), 8, inodes_.at("sub"))),
              Fails(Reason::kImageCorrupt));
  // Two names of one file, whose inode knows of one.
  EXPECT_THAT(ReadAll(With(EntryAt(3), 8, inodes_.at("f"))),
              Fails(Reason::kImageCorrupt));
}

TEST_F(CraftedErofsTest, EntriesOutOfPlaceAreRefused) {
  EXPECT_THAT(ReadAll(With(EntryAt(2), 8, 0)), Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(EntryAt(2), 8, ~0ULL)),
              Fails(Reason::kImageCorrupt));
  EXPECT_THAT(ReadAll(With(EntryAt(2) + 10, 1, 2)),
              Fails(Reason::kImageCorrupt));
  for (std::size_t entry = 0; entry < 6; ++entry) {
    for (const std::uint64_t place : {0U, 11U, 71U, 4095U, 0xffffU}) {
      EXPECT_THAT(ReadAll(With(EntryAt(entry) + 8, 2, place)),
                  Fails(Reason::kImageCorrupt));
    }
  }
}

TEST_F(CraftedErofsTest, NamesOutOfOrderAreRefused) {
  std::string image = image_;
  const std::size_t names = EntryAt(6);
  ASSERT_EQ(image.substr(names, 12), "...fholelsub");
  image.replace(names + 4, 4, "ahol");  // behind "f"
  EXPECT_THAT(ReadAll(image), Fails(Reason::kImageCorrupt));
}

// Any byte of the metadata may be anything: no crash, no endless loop, and
// never a read outside (TextSource would answer kInternal).
TEST_F(CraftedErofsTest, FlippedMetadataNeverLeadsOutside) {
  std::mt19937 numbers(1);
  for (int round = 0; round < 5000; ++round) {
    std::string image = image_;
    for (auto flips = numbers() % 3 + 1; flips > 0; --flips) {
      const bool super = numbers() % 4 == 0;
      const std::size_t at =
          super ? kSuper + numbers() % 128
                : metadata_ + numbers() % (image.size() - metadata_);
      image[at] = static_cast<char>(numbers() & 0xffU);
    }
    MendErofs(&image);
    const auto read = ReadAll(std::move(image));
    if (!read.has_value()) {
      EXPECT_NE(read.error().reason(), Reason::kInternal)
          << read.error().ToString();
    }
  }
}

TEST_F(CraftedErofsTest, TruncatedImagesAreRefused) {
  for (std::size_t size = 0; size < image_.size(); size += kErofsBlock) {
    EXPECT_THAT(ReadAll(image_.substr(0, size)), Fails(Reason::kImageCorrupt));
  }
}

}  // namespace
}  // namespace tdxvfs::image

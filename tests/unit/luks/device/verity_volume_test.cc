// SPDX-License-Identifier: Apache-2.0
// What a host can do to the data of a sealed volume, done for real.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/hex.h"
#include "common/unique_fd.h"
#include "luks/device_mapper.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::DeviceTest;
using testing::Fails;
using testing::MakeModel;
using testing::RunTool;
using testing::Slurp;
using testing::Succeeds;
using testing::ToolResult;
using testing::Tree;
using testing::UuidOf;

namespace fs = std::filesystem;

constexpr std::uint64_t kBlock = 4096;  // bytes

void FlipBit(const fs::path& image, std::uint64_t offset) {
  std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

// A file's content, or nothing when reading it failed anywhere.
std::optional<std::string> ReadWhole(const fs::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  std::string piece(65536, '\0');
  ssize_t got = file.valid() ? 1 : -1;
  while (file.valid() &&
         (got = ::read(file.get(), piece.data(), piece.size())) > 0) {
    content.append(piece, 0, static_cast<std::size_t>(got));
  }
  return got < 0 ? std::nullopt : std::optional(content);
}

class VerityVolumeTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped()) {
      image_ = CopyOf("model.img");
      const auto manifest = ManifestWith(UuidOf(image_));
      ASSERT_TRUE(manifest.has_value());
      verity_ = manifest->verity.value();
      const fs::path model = folder_.path() / "model";
      MakeModel(model, testing::kModelSize);
      model_ = Tree(model);
      fs::remove_all(model);
    }
  }
  // Byte of the image where a block of the mapping begins.
  static std::uint64_t At(std::uint64_t block) {
    return kDefaultHeaderSize + block * kBlock;
  }
  // Opens what the host changed with the grant of what was packed.
  Result<OpenTimings> OpenChanged() { return Open(image_, Place()); }
  // How many files could not be read; those that could hold what was packed.
  int UnreadableFiles() {
    int unreadable = 0;
    for (const auto& [name, content] : model_) {
      if (content == "/" || content.starts_with("-> ")) {
        continue;
      }
      const auto read = ReadWhole(Place().mount_point / name);
      unreadable += read.has_value() ? 0 : 1;
      EXPECT_TRUE(!read.has_value() || *read == content)
          << name << " was served with other bytes";
    }
    return unreadable;
  }
  void CloseAndExpectNothingLeft() {
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
    ExpectNothingLeft();
  }

  fs::path image_;
  VerityParameters verity_;
  std::map<std::string, std::string> model_;
};

TEST_F(VerityVolumeTest, TheLiveTableHasTheGrantedRootHash) {
  ASSERT_THAT(OpenChanged(), Succeeds());
  const auto shown = RunTool({"dmsetup", "table", VerityMappingName("dt-one")});
  EXPECT_NE(shown.output.find("sha256 " + ToHex(verity_.root_hash)),
            std::string::npos)
      << shown.output;
}

TEST_F(VerityVolumeTest, D5_ASealedVolumeWithoutVerityIsNotOpened) {
  EXPECT_THAT(OpenWith(image_, Place(),
                       [](OpenGrant* grant) { grant->verity.reset(); }),
              Fails(Reason::kVerityMissing));
  EXPECT_THAT(
      OpenWith(image_, Place(),
               [](OpenGrant* grant) { grant->header_profile = "imported-1"; }),
      Fails(Reason::kGrantInvalid));
  ExpectNothingLeft();
}

TEST_F(VerityVolumeTest, D15_WrongVerityParametersAreRefusedBeforeTheMount) {
  using Change = std::function<void(VerityParameters*)>;
  const std::vector<std::pair<const char*, Change>> changes{
      {"root hash", [](auto* v) { v->root_hash.back() ^= 1; }},
      {"salt", [](auto* v) { v->salt.assign(32, 0x5a); }},
      {"longer salt", [](auto* v) { v->salt.push_back(0); }},
      {"one level less", [](auto* v) { v->data_blocks = 100; }}};
  for (const auto& [name, change] : changes) {
    EXPECT_THAT(OpenWith(image_, Place(),
                         [&change = change](OpenGrant* grant) {
                           change(&*grant->verity);
                         }),
                Fails(Reason::kImageCorrupt))
        << name;
    ExpectNothingLeft();
  }
}

TEST_F(VerityVolumeTest, D15_ATreeBeyondTheImageIsTruncated) {
  EXPECT_THAT(OpenWith(image_, Place(),
                       [](OpenGrant* grant) {
                         grant->verity->hash_start_block += 1000;
                       }),
              Fails(Reason::kImageTruncated));
  ExpectNothingLeft();
}

TEST_F(VerityVolumeTest, D5_AFlippedBitInTheHeaderIsNotTheGrantedHeader) {
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{4096 + 100}, std::uint64_t{16384 + 100},
        std::uint64_t{100'000}, kDefaultHeaderSize - 1}) {
    const std::string uuid = UuidOf(testing::Fixtures() / "model.img");
    image_ = CopyOf("model.img");
    ASSERT_OK_AND_ASSIGN(const ImageFile packed, ImageFile::Open(image_));
    ASSERT_OK_AND_ASSIGN(const Header good,
                         Header::Read(packed, kDefaultHeaderSize));
    FlipBit(image_, offset);
    ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(image_));
    const auto changed = Header::Read(image, kDefaultHeaderSize);
    if (!changed.has_value()) {  // not even a LUKS2 header any more
      EXPECT_THAT(changed, Fails(Reason::kImageNotLuks2)) << offset;
      continue;
    }
    EXPECT_THAT(OpenVolume(image, *changed, GrantFor(good, uuid), Place(), {}),
                Fails(Reason::kHeaderMismatch))
        << offset;
    ExpectNothingLeft();
  }
}

TEST_F(VerityVolumeTest, D5_AFlippedBitInTheFirstBlockIsRefusedAtOnce) {
  FlipBit(image_, At(0) + 1024);
  EXPECT_THAT(OpenChanged(), Fails(Reason::kImageCorrupt));
  ExpectNothingLeft();
}

// Blocks all over the data (every one with TDXVFS_EVERY_CALL) and every block
// of the tree, one at a time: either the volume does not open, or what is read
// is what was packed.
TEST_F(VerityVolumeTest, D5_AFlippedBitInAnyBlockIsNeverServed) {
  const std::uint64_t blocks =
      (fs::file_size(image_) - kDefaultHeaderSize) / kBlock;
  const std::uint64_t step = ::getenv("TDXVFS_EVERY_CALL") != nullptr ? 1 : 16;
  int flips = 0;
  int refused = 0;
  int unreadable = 0;
  for (std::uint64_t block = 1; block < blocks;
       block += block + step < verity_.data_blocks ? step : 1, ++flips) {
    FlipBit(image_, At(block) + block * 37 % kBlock);
    const auto opened = OpenChanged();
    if (opened.has_value()) {
      unreadable += UnreadableFiles() > 0 ? 1 : 0;
      CloseAndExpectNothingLeft();
    } else {
      EXPECT_THAT(opened, ::testing::AnyOf(Fails(Reason::kImageCorrupt),
                                           Fails(Reason::kIoError),
                                           Fails(Reason::kMountFailed)))
          << block;
      ExpectNothingLeft();
      ++refused;
    }
    FlipBit(image_, At(block) + block * 37 % kBlock);  // back
  }
  // Blocks of padding and of unread directories are the rest.
  EXPECT_GT(unreadable + refused, flips / 2);
  (void)::printf("%d flips: %d refused, %d made files unreadable\n", flips,
                 refused, unreadable);
  ASSERT_THAT(OpenChanged(), Succeeds());
  EXPECT_EQ(UnreadableFiles(), 0);
}

// The cipher alone would take it: the old bytes were written under the same
// key, at the same place.
TEST_F(VerityVolumeTest, D11_AnOldSectorPutBackIsNotServed) {
  const fs::path now = image_;
  const std::uint64_t block = verity_.data_blocks / 2;
  const std::string old(kBlock, 'o');
  image_ = folder_.path() / "old.img";
  fs::copy_file(now, image_);
  OpenPlain(image_, false);
  {
    std::fstream device("/dev/mapper/dt-plain",
                        std::ios::in | std::ios::out | std::ios::binary);
    device.seekp(static_cast<std::streamoff>(block * kBlock));
    device << old;
  }
  ClosePlain();
  const std::string ciphertext = Slurp(image_).substr(At(block), kBlock);
  image_ = now;
  {
    std::fstream file(image_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(At(block)));
    file << ciphertext;
  }
  OpenPlain(image_, true);
  EXPECT_EQ(Slurp("/dev/mapper/dt-plain").substr(block * kBlock, kBlock), old)
      << "dm-crypt alone serves the old sector";
  ClosePlain();
  ASSERT_THAT(OpenChanged(), Succeeds());
  EXPECT_EQ(UnreadableFiles(), 1);
  CloseAndExpectNothingLeft();
}

TEST_F(VerityVolumeTest, D9_AnImageCutOffWhileOpenServesNoOtherBytes) {
  ASSERT_THAT(OpenChanged(), Succeeds());
  fs::resize_file(image_, At(verity_.data_blocks / 2));
  EXPECT_GT(UnreadableFiles(), 0);
  CloseAndExpectNothingLeft();
}

TEST_F(VerityVolumeTest, D9_AnImageThatGrowsWhileOpenStaysAsItWas) {
  ASSERT_THAT(OpenChanged(), Succeeds());
  fs::resize_file(image_, fs::file_size(image_) * 2);
  EXPECT_EQ(UnreadableFiles(), 0);
  CloseAndExpectNothingLeft();
  // Bytes behind the tree belong to nobody.
  ASSERT_THAT(OpenChanged(), Succeeds());
  EXPECT_EQ(UnreadableFiles(), 0);
}

TEST_F(VerityVolumeTest, D9_ADiskThatDiesMidwayServesWhatItCan) {
  auto loop = RunTool({"losetup", "-r", "--show", "-f", image_.string()});
  ASSERT_EQ(loop.exit_code, 0) << loop.output;
  loop.output.pop_back();
  const std::uint64_t sectors = fs::file_size(image_) / 512;
  const std::uint64_t dead = At(verity_.data_blocks / 2) / 512;
  const auto table = [&](std::uint64_t length) {
    return "0 " + std::to_string(dead) + " linear " + loop.output + " 0\n" +
           std::to_string(dead) + " " + std::to_string(length) + " error\n" +
           std::to_string(dead + length) + " " +
           std::to_string(sectors - dead - length) + " linear " + loop.output +
           " " + std::to_string(dead + length) + "\n";
  };
  ASSERT_EQ(RunTool({"dmsetup", "create", "dt-dying"}, table(8)).exit_code, 0);
  {
    // Not through an inspection, which reads further than an opening does. The
    // disk is let go at the end, so that it can be removed below.
    ASSERT_OK_AND_ASSIGN(const ImageFile disk,
                         ImageFile::Open("/dev/mapper/dt-dying"));
    ASSERT_OK_AND_ASSIGN(const Header header,
                         Header::Read(disk, kDefaultHeaderSize));
    ASSERT_THAT(
        OpenVolume(disk, header, GrantFor(header, UuidOf(image_)), Place(), {}),
        Succeeds());
  }
  EXPECT_GT(UnreadableFiles(), 0);
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ClosePlain("dt-dying");
  EXPECT_EQ(RunTool({"losetup", "-d", loop.output}).exit_code, 0);
  ExpectNothingLeft();
}

TEST_F(VerityVolumeTest, OursOpensWithCryptsetupAndVeritysetup) {
  OpenPlain(image_, true);
  const ToolResult opened = RunTool(
      {"veritysetup", "open", "/dev/mapper/dt-plain", "dt-tree",
       "/dev/mapper/dt-plain", ToHex(verity_.root_hash), "--no-superblock",
       "--data-blocks", std::to_string(verity_.data_blocks), "--hash-offset",
       std::to_string(verity_.hash_start_block * kBlock), "--salt",
       verity_.salt.empty() ? "-" : ToHex(verity_.salt)});
  ASSERT_EQ(opened.exit_code, 0) << opened.output;
  const fs::path point = folder_.path() / "plain";
  fs::create_directory(point);
  ASSERT_EQ(::mount("/dev/mapper/dt-tree", point.c_str(), "erofs", MS_RDONLY,
                    nullptr),
            0);
  EXPECT_EQ(Tree(point), model_);
  EXPECT_EQ(::umount2(point.c_str(), 0), 0);
  ClosePlain("dt-tree");
  ClosePlain();
}

}  // namespace
}  // namespace tdxvfs::luks

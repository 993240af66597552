// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_image.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/hex.h"
#include "common/sha256.h"
#include "luks/image/verified_reader.h"
#include "luks/image/verify_image.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::EditMetadata;
using testing::Fails;
using testing::kPassphrase;
using testing::Seal;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kHeaderBytes = 1048576;

// Blocks that differ from each other.
std::string Data(std::size_t blocks) {
  std::string data;
  for (std::size_t i = 0; i < blocks; ++i) {
    std::string block(kBlock, static_cast<char>('a' + i % 26));
    const std::string number = std::to_string(i);
    data += block.replace(0, number.size(), number);
  }
  return data;
}

class SealedImageTest : public ::testing::Test {
 protected:
  std::filesystem::path Image() const { return folder_.path() / "image"; }
  void Make(std::size_t blocks, const std::vector<std::uint8_t>& salt = {}) {
    data_ = Data(blocks);
    auto sealed = Seal(data_, Image(), salt);
    ASSERT_THAT(sealed, Succeeds());
    manifest_ = *sealed;
  }
  Result<SealedImage> Open(std::string_view passphrase = kPassphrase) const {
    return SealedImage::Open(Image(), manifest_, SecretOf(passphrase));
  }
  void ExpectRefusedThoughThePinFits() {
    manifest_.header_sha256 =
        Sha256(AsBytes(Slurp(Image())).first(kHeaderBytes)).value();
    EXPECT_THAT(Open(), Fails(Reason::kHeaderRefused));
    EXPECT_THAT(CheckImageHeader(Image(), manifest_),
                Fails(Reason::kHeaderRefused));
  }
  Verification Verify() const {
    const auto image = Open();
    EXPECT_THAT(image, Succeeds());
    auto found = VerifyImage(*image, nullptr);
    EXPECT_THAT(found, Succeeds());
    return *found;
  }
  void Flip(std::size_t at) const {
    std::fstream file(Image(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
  }
  std::size_t BlockAt(std::size_t block) const {
    return kHeaderBytes + block * kBlock;
  }

  TemporaryFolder folder_;
  std::string data_;
  Manifest manifest_;
};

TEST_F(SealedImageTest, ReadsBackEveryBlockInAnyOrder) {
  for (const std::size_t blocks : {1U, 2U, 127U, 128U, 129U, 300U, 16385U}) {
    Make(blocks, {1, 2, 3});
    ASSERT_OK_AND_ASSIGN(const SealedImage image, Open());
    ASSERT_OK_AND_ASSIGN(const auto reader, VerifiedReader::Create(&image));
    std::vector<std::uint8_t> bytes(blocks * kBlock);
    ASSERT_THAT(reader->Read(0, bytes), Succeeds());
    EXPECT_TRUE(
        std::equal(bytes.begin(), bytes.end(),
                   reinterpret_cast<const std::uint8_t*>(data_.data())));
    bytes.resize(kBlock);
    for (const std::size_t block : {blocks - 1, blocks / 2, std::size_t{0}}) {
      ASSERT_THAT(reader->Read(block, bytes), Succeeds());
      EXPECT_EQ(std::string(bytes.begin(), bytes.end()),
                data_.substr(block * kBlock, kBlock));
    }
    EXPECT_TRUE(Verify().holds());
  }
}

// D5: bits flipped in the ciphertext.
TEST_F(SealedImageTest, D5_ABitInAnyBlockIsFoundAndNamed) {
  Make(300);
  // The tree of 300 blocks: one block above three.
  ASSERT_EQ(std::filesystem::file_size(Image()), BlockAt(300 + 4));
  for (std::size_t block = 0; block < 304; block += block < 290 ? 7 : 1) {
    Flip(BlockAt(block) + block % kBlock);
    const Verification found = Verify();
    Flip(BlockAt(block) + block % kBlock);
    ASSERT_EQ(found.bad.size(), 1U) << block;
    EXPECT_EQ(found.bad[0].image_offset, BlockAt(block));
    if (block < 300) {
      EXPECT_EQ(found.bad[0].level, std::nullopt);
      EXPECT_EQ(found.bad[0].number, block);
      EXPECT_EQ(found.unjudged_data_blocks, 0U);
    } else {
      EXPECT_EQ(found.bad[0].level, block == 300 ? 1U : 0U);
      EXPECT_EQ(found.bad[0].number, block == 300 ? 0U : block - 301);
      EXPECT_EQ(found.unjudged_data_blocks, block == 300   ? 300U
                                            : block == 303 ? 44U
                                                           : 128U);
    }
  }
}

TEST_F(SealedImageTest, D5_ManyBadBlocksAreCountedAndListedInOrder) {
  Make(3000);
  std::string content = Slurp(Image());
  for (std::size_t block = 0; block < 3000; block += 2) {
    content[BlockAt(block)] = static_cast<char>(content[BlockAt(block)] ^ 1);
  }
  Spill(Image(), content);
  const Verification found = Verify();
  EXPECT_EQ(found.bad_data_blocks, 1500U);
  ASSERT_EQ(found.bad.size(), kMaxBadBlocks);
  for (std::size_t i = 0; i < kMaxBadBlocks; ++i) {
    EXPECT_EQ(found.bad[i].number, i * 2);
  }
}

TEST_F(SealedImageTest, D5_NothingOfABadBlockIsHandedOut) {
  Make(300);
  Flip(BlockAt(200));
  ASSERT_OK_AND_ASSIGN(const SealedImage image, Open());
  ASSERT_OK_AND_ASSIGN(const auto reader, VerifiedReader::Create(&image));
  std::vector<std::uint8_t> bytes(2 * kBlock, 1);
  EXPECT_THAT(reader->Read(199, bytes), Fails(Reason::kImageCorrupt));
  EXPECT_EQ(bytes, std::vector<std::uint8_t>(2 * kBlock, 0));
  EXPECT_THAT(reader->Read(201, bytes), Succeeds());
}

// D11: a whole sector of an older state, encrypted under the same key.
TEST_F(SealedImageTest, D11_AnOldSectorIsRefused) {
  Make(4);
  std::string content = Slurp(Image());
  const auto other = folder_.path() / "old";
  std::string old_data = data_;
  old_data[kBlock] = 'o';
  ASSERT_THAT(Seal(old_data, other), Succeeds());
  content.replace(BlockAt(1), kBlock, Slurp(other).substr(BlockAt(1), kBlock));
  Spill(Image(), content);
  const Verification found = Verify();
  ASSERT_EQ(found.bad.size(), 1U);
  EXPECT_EQ(found.bad[0].number, 1U);
}

TEST_F(SealedImageTest, TheWrongKeyOpensNothing) {
  Make(3);
  EXPECT_THAT(Open("wrong"), Fails(Reason::kPassphraseWrong));
}

TEST_F(SealedImageTest, D3_AForeignManifestDoesNotFit) {
  Make(3);
  const Manifest foreign = manifest_;
  Make(3);
  manifest_ = foreign;
  EXPECT_THAT(Open(), Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(CheckImageHeader(Image(), manifest_),
              Fails(Reason::kHeaderMismatch));
}

TEST_F(SealedImageTest, AnotherRootHashIsDamageFromTheTopDown) {
  Make(300);
  manifest_.verity->root_hash[0] ^= 1U;
  const Verification found = Verify();
  EXPECT_EQ(found.bad_hash_blocks, 1U);
  EXPECT_EQ(found.unjudged_data_blocks, 300U);
}

// D1: the header edited after the manifest was written, and one that says
// something else though the pin was made to match.
TEST_F(SealedImageTest, D1_AnEditedHeaderIsRefusedByPinAndByProfile) {
  Make(3);
  ASSERT_TRUE(EditMetadata(Image(), "\"aes-xts-plain64\",\"sector_size\"",
                           "\"cipher_null-ecb\",\"sector_size\"") ||
              EditMetadata(Image(), "\"encryption\":\"aes-xts-plain64\"",
                           "\"encryption\":\"cipher_null-ecb\""));
  EXPECT_THAT(Open(), Fails(Reason::kHeaderMismatch));
  ExpectRefusedThoughThePinFits();
}

// What libcryptsetup passes over, with a pin that fits.
TEST_F(SealedImageTest, D1_AMemberThatOnlyTheHeadersOwnBytesShowIsRefused) {
  Make(3);
  ASSERT_TRUE(
      EditMetadata(Image(), "\"stripes\":4000", "\"stripes\":4000,\"more\":1"));
  ExpectRefusedThoughThePinFits();
}

TEST_F(SealedImageTest, D3_AManifestWithAnotherUuidDoesNotFit) {
  Make(3);
  manifest_.uuid.back() = manifest_.uuid.back() == '0' ? '1' : '0';
  EXPECT_THAT(Open(), Fails(Reason::kHeaderMismatch));
}

// D8: refused before the key derivation runs, or this would take for ever.
TEST_F(SealedImageTest, D8_AKeyDerivationBombIsRefusedBeforeItRuns) {
  Make(3);
  ASSERT_TRUE(EditMetadata(Image(), "\"iterations\":1000",
                           "\"iterations\":4000000000"));
  manifest_.header_sha256 =
      Sha256(AsBytes(Slurp(Image())).first(kHeaderBytes)).value();
  EXPECT_THAT(Open(), Fails(Reason::kHeaderRefused));
}

TEST_F(SealedImageTest, D9_ATruncatedImageIsNamedSo) {
  Make(300);
  const std::size_t size = std::filesystem::file_size(Image());
  for (const std::size_t cut :
       {size - 1, size - kBlock, kHeaderBytes + 1, kHeaderBytes,
        std::size_t{20000}, std::size_t{0}}) {
    std::filesystem::resize_file(Image(), cut);
    EXPECT_THAT(Open(), Fails(Reason::kImageTruncated)) << cut;
  }
}

TEST_F(SealedImageTest, D9_CutOffWhileReadIsNamedSo) {
  Make(300);
  ASSERT_OK_AND_ASSIGN(const SealedImage image, Open());
  std::filesystem::resize_file(Image(), BlockAt(100));
  EXPECT_THAT(VerifyImage(image, nullptr), Fails(Reason::kImageTruncated));
}

TEST_F(SealedImageTest, BytesBehindTheTreeAreRefused) {
  Make(3);
  std::filesystem::resize_file(Image(),
                               std::filesystem::file_size(Image()) + kBlock);
  EXPECT_THAT(Open(), Fails(Reason::kImageCorrupt));
}

TEST_F(SealedImageTest, ATreeThatLeavesBytesUncoveredIsRefused) {
  Make(300);
  const Manifest good = manifest_;
  const auto refused = [&](auto edit) {
    manifest_ = good;
    edit(&*manifest_.verity);
    EXPECT_THAT(Open(), Fails(Reason::kNotSupported));
  };
  refused([](auto* verity) { --verity->data_blocks; });
  refused([](auto* verity) { ++verity->data_blocks; });
  refused([](auto* verity) { verity->data_blocks = 0; });
  refused([](auto* verity) { verity->data_blocks = ~std::uint64_t{0}; });
  refused([](auto* verity) { ++verity->hash_start_block; });
  refused([](auto* verity) { verity->hash = "sha512"; });
  refused([](auto* verity) { verity->data_block_size = 512; });
  refused([](auto* verity) { verity->hash_block_size = 512; });
  refused([](auto* verity) { verity->salt.resize(257); });
  manifest_ = good;
  manifest_.verity.reset();
  EXPECT_THAT(Open(), Fails(Reason::kVerityMissing));
  manifest_ = good;
  manifest_.header_profile = "imported-1";
  EXPECT_THAT(Open(), Fails(Reason::kNotSupported));
}

TEST_F(SealedImageTest, ProgressReachesTheEnd) {
  Make(700);
  ASSERT_OK_AND_ASSIGN(const SealedImage image, Open());
  std::uint64_t last = 0;
  ASSERT_THAT(VerifyImage(image,
                          [&](std::uint64_t done, std::uint64_t total) {
                            EXPECT_GE(done, last);
                            EXPECT_EQ(total, 700 * kBlock);
                            last = done;
                          }),
              Succeeds());
  EXPECT_EQ(last, 700 * kBlock);
}

}  // namespace
}  // namespace tdxvfs::image

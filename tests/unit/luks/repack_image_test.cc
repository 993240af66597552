// SPDX-License-Identifier: Apache-2.0
#include "luks/image/repack_image.h"

#include <filesystem>
#include <string>
#include <vector>

#include "luks/image/verified_reader.h"
#include "luks/image/verify_image.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::kPassphrase;
using testing::Seal;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr std::size_t kDataBlock = 4096;
constexpr std::string_view kRepackPassphrase = "new";

class RepackImageTest : public ::testing::Test {
 protected:
  std::filesystem::path Image() const { return folder_.path() / "image"; }
  std::filesystem::path New() const { return folder_.path() / "new"; }
  void Make(std::size_t blocks) {
    data_.clear();
    for (std::size_t i = 0; i < blocks; ++i) {
      data_ += std::string(kDataBlock, static_cast<char>('a' + i % 26));
    }
    auto sealed = Seal(data_, Image(), {1, 2, 3});
    ASSERT_THAT(sealed, Succeeds());
    manifest_ = *sealed;
  }
  Result<Manifest> Repack(
      std::optional<std::vector<std::uint8_t>> salt = std::nullopt) const {
    ASSIGN_OR_RETURN(
        const SealedImage source,
        SealedImage::Open(Image(), manifest_, SecretOf(kPassphrase)));
    const Secret passphrase = SecretOf(kRepackPassphrase);
    return RepackImage({.source = &source,
                        .manifest = &manifest_,
                        .image = New(),
                        .passphrase = &passphrase,
                        .salt = std::move(salt),
                        .progress = nullptr});
  }
  // The data of the new image, every block of it checked.
  Result<std::string> Read(const Manifest& manifest) const {
    ASSIGN_OR_RETURN(
        const SealedImage image,
        SealedImage::Open(New(), manifest, SecretOf(kRepackPassphrase)));
    ASSIGN_OR_RETURN(const Verification found, VerifyImage(image, nullptr));
    EXPECT_TRUE(found.holds());
    ASSIGN_OR_RETURN(const auto reader, VerifiedReader::Create(&image));
    std::string data(image.data_blocks() * kDataBlock, '\0');
    RETURN_IF_ERROR(reader->Read(
        0, {reinterpret_cast<std::uint8_t*>(data.data()), data.size()}));
    return data;
  }
  TemporaryFolder folder_;
  std::string data_;
  Manifest manifest_;
};

TEST_F(RepackImageTest, SameContentsAndRootHashUnderAnotherKey) {
  for (const std::size_t blocks : {1U, 255U, 256U, 257U, 5000U}) {
    Make(blocks);
    ASSERT_OK_AND_ASSIGN(const Manifest manifest, Repack());
    EXPECT_EQ(manifest.verity, manifest_.verity);
    EXPECT_NE(manifest.uuid, manifest_.uuid);
    EXPECT_NE(manifest.header_sha256, manifest_.header_sha256);
    EXPECT_EQ(manifest.image_size, std::filesystem::file_size(New()));
    ASSERT_OK_AND_ASSIGN(const std::string data, Read(manifest));
    EXPECT_TRUE(data == data_);
    // Not one sector of the old ciphertext.
    const std::string before = Slurp(Image());
    const std::string after = Slurp(New());
    for (std::size_t at = manifest.header_size; at < after.size();
         at += kDataBlock) {
      EXPECT_NE(before.compare(at, kDataBlock, after, at, kDataBlock), 0);
    }
    std::filesystem::remove(New());
  }
}

// D14: who has the old passphrase opens nothing of the new image.
TEST_F(RepackImageTest, D14_TheOldPassphraseDoesNotOpenIt) {
  Make(300);
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, Repack());
  EXPECT_THAT(SealedImage::Open(New(), manifest, SecretOf(kPassphrase)),
              Fails(Reason::kPassphraseWrong));
  ASSERT_OK_AND_ASSIGN(const luks::Inspection inspection,
                       luks::InspectImage(New()));
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header_profile, "sealed-1");
  EXPECT_EQ(inspection.header->uuid, manifest.uuid);
}

TEST_F(RepackImageTest, AnotherSaltGivesAnotherRootHash) {
  Make(1000);
  ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                       Repack(std::vector<std::uint8_t>{9, 9, 9, 9}));
  EXPECT_NE(manifest.verity->root_hash, manifest_.verity->root_hash);
  EXPECT_EQ(manifest.verity->salt, (std::vector<std::uint8_t>{9, 9, 9, 9}));
  ASSERT_OK_AND_ASSIGN(const std::string data, Read(manifest));
  EXPECT_TRUE(data == data_);
}

TEST_F(RepackImageTest, D5_DamageIsNotCarriedOver) {
  Make(1000);
  std::string content = Slurp(Image());
  content[manifest_.header_size + 777 * kDataBlock] ^= 1;
  Spill(Image(), content);
  EXPECT_THAT(Repack(), Fails(Reason::kImageCorrupt));
  EXPECT_FALSE(std::filesystem::exists(New()));
  EXPECT_THAT(Repack(std::vector<std::uint8_t>{9}),
              Fails(Reason::kImageCorrupt));
  EXPECT_FALSE(std::filesystem::exists(New()));
}

TEST_F(RepackImageTest, D9_AnImageCutOffMeanwhileEndsAllThreads) {
  Make(5000);
  ASSERT_OK_AND_ASSIGN(
      const SealedImage source,
      SealedImage::Open(Image(), manifest_, SecretOf(kPassphrase)));
  std::filesystem::resize_file(Image(),
                               manifest_.header_size + 1000 * kDataBlock);
  const Secret passphrase = SecretOf(kRepackPassphrase);
  EXPECT_THAT(RepackImage({.source = &source,
                           .manifest = &manifest_,
                           .image = New(),
                           .passphrase = &passphrase,
                           .salt = std::nullopt,
                           .progress = nullptr}),
              Fails(Reason::kImageTruncated));
  EXPECT_FALSE(std::filesystem::exists(New()));
}

TEST_F(RepackImageTest, NothingIsOverwritten) {
  Make(3);
  Spill(New(), "mine");
  EXPECT_THAT(Repack(), Fails(Reason::kAlreadyExists));
  EXPECT_EQ(Slurp(New()), "mine");
}

}  // namespace
}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/luks/sealed_files.h"

#include <algorithm>

#include "common/hex.h"
#include "luks/header_profile.h"
#include "luks/image/crc32c.h"
#include "luks/image/erofs_format.h"
#include "luks/image/erofs_image.h"
#include "luks/image/luks2_header.h"
#include "luks/image/sector_cipher.h"
#include "luks/image/tree_image.h"
#include "luks/image/verity_tree.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::testing {
namespace {

constexpr std::size_t kImageBlock = image::kVerityBlockSize;
constexpr std::size_t kSuperBlockAt = 1024;

class TextSink : public image::ImageSink {
 public:
  TextSink() : content_(image::kImageBlockSize, '\0') {}
  Result<void> Append(std::span<const std::uint8_t> bytes) override {
    content_ += AsText(bytes);
    return {};
  }
  Result<void> PutFirstBlock(std::span<const std::uint8_t> block) override {
    content_.replace(0, block.size(), AsText(block));
    return {};
  }
  std::string Take() { return std::move(content_); }

 private:
  std::string content_;
};

}  // namespace

std::string ErofsOf(const std::filesystem::path& source) {
  const auto tree = image::ScanSource(source);
  EXPECT_THAT(tree, Succeeds());
  return ErofsOf(*tree);
}

std::string ErofsOf(const image::SourceTree& tree) {
  TextSink sink;
  image::ErofsWriter writer(&sink);
  EXPECT_THAT(image::WriteTree(tree, &writer, nullptr), Succeeds());
  return sink.Take();
}

std::string VerityTreeOf(const std::string& data,
                         const std::vector<std::uint8_t>& salt,
                         Sha256Digest* root_hash) {
  const std::uint64_t blocks = data.size() / kImageBlock;
  std::string tree(image::VerityTreeBlocks(blocks) * kImageBlock, '\0');
  auto builder = image::VerityTree::Create(
      blocks, salt,
      [&tree](std::uint64_t block,
              std::span<const std::uint8_t> bytes) -> Result<void> {
        tree.replace(block * kImageBlock, bytes.size(), AsText(bytes));
        return {};
      });
  EXPECT_THAT(builder, Succeeds());
  auto hash = image::VerityHash::Create(salt);
  std::vector<Sha256Digest> hashes;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    hashes.push_back(
        hash->Of(AsBytes(data).subspan(block * kImageBlock, kImageBlock))
            .value());
  }
  EXPECT_THAT(builder->Append(hashes), Succeeds());
  *root_hash = builder->Finish().value();
  return tree;
}

Result<image::Manifest> Seal(const std::string& data,
                             const std::filesystem::path& image,
                             const std::vector<std::uint8_t>& salt) {
  image::Manifest manifest;
  luks::VerityParameters verity;
  verity.data_blocks = data.size() / kImageBlock;
  verity.hash_start_block = verity.data_blocks;
  verity.salt = salt;
  std::string content = data + VerityTreeOf(data, salt, &verity.root_hash);
  // Both halves of an XTS key must differ.
  std::string key_text(image::kVolumeKeySize, 'k');
  key_text.back() = 'K';
  const Secret key = SecretOf(key_text);
  ASSIGN_OR_RETURN(
      const image::NewHeader header,
      image::MakeLuks2Header(SecretOf(kPassphrase), key, std::nullopt));
  ASSIGN_OR_RETURN(
      image::SectorCipher cipher,
      image::SectorCipher::Create(key, image::kCryptSectorSize,
                                  image::SectorCipher::Direction::kEncrypt));
  RETURN_IF_ERROR(cipher.Process(
      0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()}));
  Spill(image, std::string(AsText(header.bytes)) + content);
  manifest.uuid = header.uuid;
  manifest.header_size = header.bytes.size();
  ASSIGN_OR_RETURN(manifest.header_sha256, Sha256(header.bytes));
  manifest.header_profile = luks::kSealedProfile;
  manifest.file_system = "erofs";
  manifest.mount_options = {"ro"};
  manifest.data_size = content.size();
  manifest.image_size = manifest.header_size + manifest.data_size;
  manifest.verity = verity;
  return manifest;
}

std::uint64_t TextSource::blocks() const {
  return content_.size() / kImageBlock;
}

Result<void> TextSource::Read(std::uint64_t first_block,
                              std::span<std::uint8_t> bytes) {
  // What the reader must never ask for.
  if (first_block > blocks() ||
      bytes.size() / kImageBlock > blocks() - first_block ||
      bytes.size() % kImageBlock != 0) {
    return Error(Reason::kInternal, "read outside the image");
  }
  const auto from = AsBytes(content_).subspan(first_block * kImageBlock);
  std::copy_n(from.begin(), bytes.size(), bytes.begin());
  return {};
}

void MendErofs(std::string* image) {
  std::vector<std::uint8_t> super(image->begin() + kSuperBlockAt,
                                  image->begin() + image::kErofsBlock);
  image::PutNumber(super, 4, 4, 0);
  const std::uint32_t checksum = image::Crc32c(super);
  image::PutNumber(super, 4, 4, checksum);
  image->replace(kSuperBlockAt, super.size(), AsText(super));
}

}  // namespace tdxvfs::testing

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_SEALED_FILES_H_
#define TDXVFS_TESTS_UNIT_LUKS_SEALED_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "luks/image/block_source.h"
#include "luks/image/manifest.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::testing {

// The erofs image of a folder, in the clear.
std::string ErofsOf(const std::filesystem::path& source);
std::string ErofsOf(const image::SourceTree& tree);

// The hash tree over a file system image, all of it.
std::string VerityTreeOf(const std::string& data,
                         const std::vector<std::uint8_t>& salt,
                         Sha256Digest* root_hash);

// Seals any bytes (whole blocks) with kPassphrase: header, data and hash tree,
// part by part, as the format says. The volume key is the same each time, so
// that an attacker's older sectors decrypt.
Result<image::Manifest> Seal(const std::string& data,
                             const std::filesystem::path& image,
                             const std::vector<std::uint8_t>& salt = {});

// A file system image in memory.
class TextSource : public image::BlockSource {
 public:
  explicit TextSource(std::string content) : content_(std::move(content)) {}
  std::uint64_t blocks() const override;
  Result<void> Read(std::uint64_t first_block,
                    std::span<std::uint8_t> bytes) override;
  std::string& content() { return content_; }

 private:
  std::string content_;
};

// Makes the superblock's checksum right again after an edit.
void MendErofs(std::string* image);

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_SEALED_FILES_H_

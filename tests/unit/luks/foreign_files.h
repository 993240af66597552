// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_FOREIGN_FILES_H_
#define TDXVFS_TESTS_UNIT_LUKS_FOREIGN_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "luks/image/byte_source.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::testing {

using Words = std::vector<std::string>;

// An ext4 image of `blocks` (as mke2fs takes it: "32M"), filled from a folder
// by mke2fs. `options`: more of mke2fs's.
ToolResult MakeExt4(const std::filesystem::path& source,
                    const std::filesystem::path& image,
                    const Words& options = {}, const std::string& size = "16M");

// Runs commands of debugfs on an image, which it may write to.
ToolResult EditExt4(const std::filesystem::path& image, const Words& commands);

inline constexpr std::string_view kOldPassphrase = "old passphrase";

// How cryptsetup makes a volume: its options, and what must be known of them.
struct ForeignFormat {
  Words options;  // "--type" and so on
  std::size_t key_size = 64;
  std::uint32_t sector_size = 512;
};
ForeignFormat Luks2(std::uint32_t sector_size = 512);
ForeignFormat Luks1();

// A volume around a file system image, as cryptsetup and dm-crypt would make
// it, without device mapper: the header by cryptsetup around a key of ours,
// opened by kOldPassphrase, the data encrypted by us.
ToolResult MakeForeignVolume(const std::filesystem::path& clear,
                             const std::filesystem::path& volume,
                             const ForeignFormat& format);
// Where its data begin, in bytes, by cryptsetup's word.
std::size_t DataOffsetOf(const std::filesystem::path& volume);

// A file system image in memory.
class TextBytes : public image::ByteSource {
 public:
  explicit TextBytes(std::string content) : content_(std::move(content)) {}
  std::uint64_t size() const override { return content_.size(); }
  Result<void> Read(std::uint64_t offset,
                    std::span<std::uint8_t> bytes) override;

 private:
  std::string content_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_FOREIGN_FILES_H_

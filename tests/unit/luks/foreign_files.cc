// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/luks/foreign_files.h"

#include <algorithm>
#include <fstream>
#include <span>

#include "luks/image/sector_cipher.h"

namespace tdxvfs::testing {

namespace fs = std::filesystem;

ToolResult MakeExt4(const fs::path& source, const fs::path& image,
                    const Words& options, const std::string& size) {
  Words words{"mke2fs", "-q", "-F", "-t", "ext4", "-d", source.string()};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(image.string());
  words.push_back(size);
  return RunTool(words);
}

ToolResult EditExt4(const fs::path& image, const Words& commands) {
  std::string script;
  for (const std::string& command : commands) {
    script += command + "\n";
  }
  return RunTool({"debugfs", "-w", "-f", "/dev/stdin", image.string()}, script);
}

ForeignFormat Luks2(std::uint32_t sector_size) {
  return {.options = {"--type", "luks2", "--pbkdf", "pbkdf2",
                      "--pbkdf-force-iterations", "1000", "--sector-size",
                      std::to_string(sector_size)},
          .sector_size = sector_size};
}

ForeignFormat Luks1() {
  return {.options = {"--type", "luks1", "--pbkdf-force-iterations", "1000"}};
}

ToolResult MakeForeignVolume(const fs::path& clear, const fs::path& volume,
                             const ForeignFormat& format) {
  std::string key(format.key_size, 'k');
  key.back() = 'K';
  const fs::path key_file = volume.string() + ".key";
  Spill(key_file, key);
  std::string data = Slurp(clear);
  Spill(volume, "");
  fs::resize_file(volume, 16'777'216 + data.size());
  Words words{"cryptsetup",
              "luksFormat",
              "-q",
              "-c",
              "aes-xts-plain64",
              "-s",
              std::to_string(format.key_size * 8),
              "--volume-key-file",
              key_file.string(),
              "-d",
              "-"};
  words.insert(words.end(), format.options.begin(), format.options.end());
  words.push_back(volume.string());
  ToolResult made = RunTool(words, kOldPassphrase);
  fs::remove(key_file);
  if (made.exit_code != 0) {
    return made;
  }
  auto cipher =
      image::SectorCipher::Create(SecretOf(key), format.sector_size,
                                  image::SectorCipher::Direction::kEncrypt);
  const auto encrypted = cipher->Process(
      0, {reinterpret_cast<std::uint8_t*>(data.data()), data.size()});
  if (!encrypted.has_value()) {
    return {.exit_code = -1, .output = encrypted.error().ToString()};
  }
  std::fstream file(volume, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(DataOffsetOf(volume)));
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  return made;
}

std::size_t DataOffsetOf(const fs::path& volume) {
  const std::string dump =
      RunTool({"cryptsetup", "luksDump", volume.string()}).output;
  if (const auto at = dump.find("Payload offset:"); at != std::string::npos) {
    return std::stoul(dump.substr(at + 15)) * 512;
  }
  const auto at = dump.find("offset: ", dump.find("Data segments"));
  return at == std::string::npos ? 0 : std::stoul(dump.substr(at + 8));
}

Result<void> TextBytes::Read(std::uint64_t offset,
                             std::span<std::uint8_t> bytes) {
  if (offset > content_.size() || bytes.size() > content_.size() - offset) {
    return Error(Reason::kImageTruncated, "the image ends");
  }
  std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset),
              bytes.size(), bytes.begin());
  return {};
}

}  // namespace tdxvfs::testing

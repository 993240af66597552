// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/luks/volume_files.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

#include "common/hex.h"
#include "common/sha256.h"
#include "luks/image/pack_image.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::testing {
namespace {

std::string Random(std::size_t size, unsigned seed) {
  std::mt19937_64 numbers(seed);
  std::string text(size, '\0');
  for (char& c : text) {
    c = static_cast<char>(numbers());
  }
  return text;
}

// Of our own images (luks/image/luks2_header.cc).
constexpr std::size_t kMetadataSize = std::size_t{16} * 1024;  // bytes
constexpr std::size_t kBinarySize = 4096;                      // bytes
constexpr std::size_t kChecksumAt = 448;   // byte in the binary header
constexpr std::size_t kChecksumSize = 64;  // bytes, SHA-256 uses 32

// Edits the metadata area that begins at `start` of `image`.
bool EditArea(std::string* image, std::size_t start, std::string_view from,
              std::string_view to) {
  std::string json =
      image->substr(start + kBinarySize, kMetadataSize - kBinarySize);
  const std::size_t at = json.find(from);
  if (at == std::string::npos) {
    return false;
  }
  json.replace(at, from.size(), to);
  json.resize(kMetadataSize - kBinarySize, '\0');
  image->replace(start + kBinarySize, json.size(), json);
  image->replace(start + kChecksumAt, kChecksumSize, kChecksumSize, '\0');
  const auto checksum =
      Sha256(AsBytes(*image).subspan(start, kMetadataSize)).value();
  image->replace(start + kChecksumAt, checksum.size(), AsText(checksum));
  return true;
}

std::string ShellWord(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

}  // namespace

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  // Unlike an iterator this survives a file of /sys that ends meanwhile.
  content << file.rdbuf();
  return content.str();
}

void Spill(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}

Secret SecretOf(std::string_view text) {
  return Secret::CopyOf(AsBytes(text)).value();
}

void MakeModel(const std::filesystem::path& folder, std::size_t large) {
  std::filesystem::create_directories(folder / "1" / "variables");
  Spill(folder / "config.json", R"({"name":"resnet"})");
  Spill(folder / "empty", "");
  Spill(folder / "1" / "saved_model.pb", Random(70'001, 1));
  Spill(folder / "1" / "variables" / "data", Random(large, 2));
  std::filesystem::create_symlink("1/saved_model.pb", folder / "latest");
}

std::map<std::string, std::string> Tree(const std::filesystem::path& folder) {
  std::map<std::string, std::string> tree;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).string();
    if (entry.is_symlink()) {
      tree[name] = "-> " + std::filesystem::read_symlink(entry).string();
    } else {
      tree[name] = entry.is_directory() ? "/" : Slurp(entry.path());
    }
  }
  return tree;
}

Result<image::Manifest> Pack(const std::filesystem::path& source,
                             const std::filesystem::path& image,
                             const std::string& file_system) {
  image::PackRequest request;
  request.file_system = file_system;
  request.source = source;
  request.image = image;
  request.passphrase = SecretOf(kPassphrase);
  return image::PackImage(request);
}

bool EditMetadata(const std::filesystem::path& image, std::string_view from,
                  std::string_view to) {
  std::string content = Slurp(image);
  const bool edited = EditArea(&content, 0, from, to) &&
                      EditArea(&content, kMetadataSize, from, to);
  Spill(image, content);
  return edited;
}

ToolResult RunTool(const std::vector<std::string>& arguments,
                   std::string_view input) {
  const TemporaryFolder folder;
  Spill(folder.path() / "in", input);
  std::string command = "PATH=$PATH:/usr/sbin:/sbin ";
  for (const std::string& argument : arguments) {
    command += ShellWord(argument) + " ";
  }
  command += "<" + ShellWord((folder.path() / "in").string()) + " >" +
             ShellWord((folder.path() / "out").string()) + " 2>&1";
  const int status = ::system(command.c_str());
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .output = Slurp(folder.path() / "out")};
}

}  // namespace tdxvfs::testing

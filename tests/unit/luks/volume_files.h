// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_VOLUME_FILES_H_
#define TDXVFS_TESTS_UNIT_LUKS_VOLUME_FILES_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"

namespace tdxvfs::testing {

// Whole files as text, for tests that edit or compare bytes.
std::string Slurp(const std::filesystem::path& path);
void Spill(const std::filesystem::path& path, std::string_view content);

// Passphrases of tests, as text of their own choosing.
Secret SecretOf(std::string_view text);
inline constexpr std::string_view kPassphrase = "correct horse\n\x01 battery";

// A model directory: small and large files, nested folders, a link, an empty
// file. `large` is the size of the large file in bytes.
void MakeModel(const std::filesystem::path& folder, std::size_t large);

// Everything below a folder by relative path: contents of files, targets of
// links, "/" for folders.
std::map<std::string, std::string> Tree(const std::filesystem::path& folder);

// Packs `source` with kPassphrase.
Result<image::Manifest> Pack(const std::filesystem::path& source,
                             const std::filesystem::path& image,
                             const std::string& file_system = "erofs");

// What a host can do to a header, which is not authenticated: replaces text in
// both JSON areas and mends the checksums (LUKS2 On-Disk Format 1.1, sections
// 2.1 and 2.4). True when `from` was there.
bool EditMetadata(const std::filesystem::path& image, std::string_view from,
                  std::string_view to);

struct ToolResult {
  int exit_code = -1;
  std::string output;  // standard output and error
};

// Runs a system tool, found in PATH or an sbin folder, with text on its
// standard input.
ToolResult RunTool(const std::vector<std::string>& arguments,
                   std::string_view input = {});

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_VOLUME_FILES_H_

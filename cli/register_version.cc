// SPDX-License-Identifier: Apache-2.0
#include "cli/register_version.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/binary_units.h"
#include "common/file.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "luks/header.h"

namespace tdxvfs::cli {
namespace {

// As the guest's file of the volume takes it.
std::string HeaderSizeText(std::uint64_t size) {
  return size % kMebibyte == 0 ? std::to_string(size / kMebibyte) + " MiB"
                               : std::to_string(size / kKibibyte) + " KiB";
}

// The agent reads as much as its file says before it knows any header.
void RemarkHeaderSize(std::uint64_t size, const Console& console) {
  if (size != luks::kDefaultHeaderSize) {
    const std::string text = HeaderSizeText(size);
    console.err << "tdxvfs: note: its header has another size than usual: the "
                   "guest's file of the volume needs the line header = \""
                << text << "\" (tdxvfs-agent config --header '" << text
                << "')\n";
  }
}

}  // namespace

Result<Secret> ReadPassphrase(const std::filesystem::path& path) {
  return ReadSecretFile(path, kMaxPassphraseSize).Context("passphrase");
}

Result<Secret> ReadKeyFile(const std::filesystem::path& path,
                           const Console& console) {
  namespace fs = std::filesystem;
  auto key = ReadSecretFile(path, kMaxPassphraseSize);
  if (!key.has_value() && key.error().reason() == Reason::kFileNotFound) {
    return Error(Reason::kKeyFileMissing, key.error().message());
  }
  std::error_code ignored;
  const fs::perms others = fs::perms::group_read | fs::perms::others_read;
  if (key.has_value() &&
      (fs::status(path, ignored).permissions() & others) != fs::perms::none) {
    console.err << "tdxvfs: note: key file '" << OneLine(path.string())
                << "' can be read by other users\n";
  }
  return key;
}

Result<void> RegisterVersion(AdminClient& server, const std::string& volume,
                             const VolumeDescription& description,
                             const Secret& passphrase, const Console& console) {
  ASSIGN_OR_RETURN(const std::uint32_t version,
                   server.PutVersion(volume, description, passphrase));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", volume)
                       .Number("version", version)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << volume << "': version " << version
                << " registered\n";
  }
  RemarkProfile(description, console);
  RemarkMissingPolicy(server, volume, console);
  return {};
}

void RemarkProfile(const VolumeDescription& description,
                   const Console& console) {
  if (console.json()) {
    return;
  }
  const std::string_view limits = LimitsOfProfile(description.header_profile);
  if (!limits.empty()) {
    console.err << "tdxvfs: note: profile " << description.header_profile
                << ": " << limits
                << "; its key is released only under a policy with "
                   "\"allow_imported\": true\n";
    RemarkHeaderSize(description.header_size, console);
  } else if (!description.verity.has_value()) {
    console.err << "tdxvfs: note: this version has no dm-verity parameters, so "
                   "agents refuse to open it; pack the volume again and "
                   "register its manifest\n";
  }
}

void RemarkMissingPolicy(AdminClient& server, const std::string& volume,
                         const Console& console) {
  const auto versions = server.ListVersions(volume);
  if (console.json() || !versions.has_value() || versions->empty() ||
      versions->front().has_policy || !versions->front().damaged.empty()) {
    return;
  }
  console.err << "tdxvfs: note: volume '" << volume
              << "' has no policy yet, so its key is released to nobody; see "
                 "'tdxvfs policy put'\n";
}

}  // namespace tdxvfs::cli

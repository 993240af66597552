// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/text_table.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string server;
};

std::string_view StateOf(const VersionInfo& version) {
  if (version.retired) {
    return "retired";
  }
  if (version.volume_disabled) {
    return "disabled";
  }
  return version.has_policy ? "live" : "no policy";
}

std::string ToJson(const VersionInfo& version) {
  const VolumeDescription& description = version.description;
  JsonArray options;
  for (const std::string& option : description.mount_options) {
    options.String(option);
  }
  JsonObject json;
  json.String("volume", version.volume)
      .Number("version", version.version)
      .Boolean("retired", version.retired)
      .Boolean("disabled", version.volume_disabled)
      .Boolean("has_policy", version.has_policy)
      .String("created", version.created)
      .String("uuid", description.uuid)
      .Number("header_size", static_cast<long long>(description.header_size))
      .String("header_sha256", ToHex(description.header_sha256))
      .String("header_profile", description.header_profile)
      .String("file_system", description.file_system)
      .Raw("mount_options", options.Close())
      .Boolean("verity", description.verity.has_value());
  const std::string_view limits = LimitsOfProfile(description.header_profile);
  if (!limits.empty()) {
    json.String("limits", limits);
  }
  return json.Close();
}

void PrintTable(const std::vector<VersionInfo>& versions,
                const Console& console) {
  TextTable table(
      {"VOLUME", "VERSION", "STATE", "CREATED", "UUID", "HEADER SHA-256"});
  for (const VersionInfo& version : versions) {
    table.Row({version.volume, std::to_string(version.version),
               std::string(StateOf(version)), version.created,
               version.description.uuid,
               ToHex(version.description.header_sha256)});
  }
  console.out << table.Text();
  for (const VersionInfo& version : versions) {
    const std::string& profile = version.description.header_profile;
    const std::string_view limits = LimitsOfProfile(profile);
    if (!limits.empty()) {
      console.out << "volume '" << version.volume << "' version "
                  << version.version << ", profile " << profile << ": "
                  << limits << "\n";
    }
  }
}

Result<void> KeyList(const Options& options, const Console& console) {
  if (!options.volume.empty()) {
    RETURN_IF_ERROR(CheckVolumeName(options.volume));
  }
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::vector<VersionInfo> versions,
                   server.ListVersions(options.volume));
  if (console.json()) {
    JsonArray list;
    for (const VersionInfo& version : versions) {
      list.Raw(ToJson(version));
    }
    console.out << list.Close() << "\n";
    return {};
  }
  PrintTable(versions, console);
  return {};
}

}  // namespace

void AddKeyList(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = commands.Add(
      "key", "list", "list volumes and their versions, never passphrases",
      [options](const Console& console) { return KeyList(*options, console); });
  command.add_option("NAME", options->volume, "only this volume");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "attest/verify/utc_time.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"
#include "cli/text_table.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  bool guests = false;
  std::string server;
};

std::string_view StateOf(const VersionInfo& version) {
  if (!version.damaged.empty()) {
    return "damaged";
  }
  if (version.destroyed) {
    return "destroyed";
  }
  if (!version.delete_after.empty()) {
    return "deleted";
  }
  if (version.retired) {
    return "retired";
  }
  if (version.volume_disabled) {
    return "disabled";
  }
  return version.has_policy ? "live" : "no policy";
}

void AddLimits(const VersionInfo& version, JsonObject* object) {
  const VersionLimits& limits = version.limits;
  if (limits.not_before.has_value()) {
    object->String("not_before", verify::UtcText(*limits.not_before));
  }
  if (limits.not_after.has_value()) {
    object->String("not_after", verify::UtcText(*limits.not_after));
  }
  if (limits.releases.has_value()) {
    object->Number("releases", *limits.releases);
    object->Number("released", version.released);
  }
  if (!version.delete_after.empty()) {
    object->String("delete_after", version.delete_after);
    object->Boolean("destroyed", version.destroyed);
  }
}

std::string DamagedToJson(const VersionInfo& version) {
  JsonObject object;
  object.String("volume", version.volume);
  if (version.version != 0) {
    object.Number("version", version.version);
  }
  return object.String("damaged", version.damaged).Close();
}

std::string ToJson(const VersionInfo& version) {
  if (!version.damaged.empty()) {
    return DamagedToJson(version);
  }
  const VolumeDescription& description = version.description;
  JsonArray options;
  for (const std::string& option : description.mount_options) {
    options.String(option);
  }
  JsonObject object;
  object.String("volume", version.volume)
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
    object.String("limits", limits);
  }
  AddLimits(version, &object);
  return object.Close();
}

// What is said of the limits in the table.
std::string LimitsOf(const VersionInfo& version) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    text += (text.empty() ? "" : ", ") + part;
  };
  const VersionLimits& limits = version.limits;
  if (limits.not_before.has_value()) {
    add("from " + verify::UtcText(*limits.not_before));
  }
  if (limits.not_after.has_value()) {
    add("until " + verify::UtcText(*limits.not_after));
  }
  if (limits.releases.has_value()) {
    add(std::to_string(version.released) + " of " +
        std::to_string(*limits.releases) + " releases");
  }
  if (!version.delete_after.empty() && !version.destroyed) {
    add("undelete until " + version.delete_after);
  }
  return text;
}

// A damaged record is there by name alone.
std::vector<std::string> RowOf(const VersionInfo& version, bool limited) {
  const bool damaged = !version.damaged.empty();
  std::vector<std::string> row = {
      version.volume,
      version.version == 0 ? "all" : std::to_string(version.version),
      std::string(StateOf(version)),
      version.created,
      version.description.uuid,
      damaged ? "" : ToHex(version.description.header_sha256)};
  if (limited) {
    row.push_back(LimitsOf(version));
  }
  return row;
}

void PrintTable(const std::vector<VersionInfo>& versions,
                const Console& console) {
  // The column of the limits is there when any version has some.
  const bool limited = std::ranges::any_of(
      versions, [](const auto& version) { return !LimitsOf(version).empty(); });
  std::vector<std::string> titles = {"VOLUME",  "VERSION", "STATE",
                                     "CREATED", "UUID",    "HEADER SHA-256"};
  if (limited) {
    titles.emplace_back("LIMITS");
  }
  TextTable table(titles);
  for (const VersionInfo& version : versions) {
    table.Row(RowOf(version, limited));
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

Result<void> ListGuests(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::vector<GuestInfo> guests,
                   server.ListGuests(options.volume));
  JsonArray list;
  TextTable table({"VERSION", "GUEST", "LAST RELEASE", "RELEASES"});
  for (const GuestInfo& guest : guests) {
    table.Row({std::to_string(guest.version), guest.peer, guest.last,
               std::to_string(guest.releases)});
    list.Raw(JsonObject()
                 .Number("version", guest.version)
                 .String("peer", guest.peer)
                 .String("last", guest.last)
                 .Number("releases", static_cast<long long>(guest.releases))
                 .Close());
  }
  console.out << (console.json() ? list.Close() + "\n" : table.Text());
  return {};
}

Result<void> KeyList(const Options& options, const Console& console) {
  if (!options.volume.empty()) {
    RETURN_IF_ERROR(CheckVolumeName(options.volume));
  }
  if (options.guests) {
    return options.volume.empty()
               ? Error(Reason::kUsage, "--guests needs the name of a volume")
               : ListGuests(options, console);
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
  } else {
    PrintTable(versions, console);
  }
  return FailIfDamaged(versions);
}

}  // namespace

void AddKeyList(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "key", "list", "list volumes and their versions, never passphrases",
      [options](const Console& console) { return KeyList(*options, console); });
  command.AddOption("NAME", options->volume, "only this volume");
  command.AddFlag("--guests", options->guests,
                  "list the guests that got a key of the volume instead");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

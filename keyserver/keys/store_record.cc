// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_record.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/clock.h"
#include "keyserver/keys/field_list.h"
#include "keyserver/keys/verity_column.h"

namespace tdxvfs::keyserver {
namespace {

using ByteSpan = std::span<const std::uint8_t>;
using std::chrono::seconds;
using std::chrono::sys_seconds;

std::string JoinMountOptions(const std::vector<std::string>& options) {
  std::string joined;
  for (const std::string& option : options) {
    joined += (joined.empty() ? "" : ",") + option;
  }
  return joined;
}

std::vector<std::string> SplitMountOptions(std::string_view joined) {
  std::vector<std::string> options;
  while (!joined.empty()) {
    const std::size_t comma = joined.find(',');
    options.emplace_back(joined.substr(0, comma));
    joined = comma == std::string_view::npos ? std::string_view()
                                             : joined.substr(comma + 1);
  }
  return options;
}

void AddTime(FieldWriter* fields, std::string_view name,
             const std::optional<sys_seconds>& time) {
  if (time.has_value()) {
    fields->Number(name, time->time_since_epoch().count());
  }
}

// Earlier versions stored limits that the clock cannot hold.
std::optional<sys_seconds> TimeIn(FieldReader* fields, std::string_view name) {
  const std::optional<std::int64_t> number = fields->OptionalNumber(name);
  return number.has_value() ? std::optional(std::chrono::floor<seconds>(
                                  NearestTime(sys_seconds(seconds(*number)))))
                            : std::nullopt;
}

}  // namespace

std::vector<std::uint8_t> WriteDescription(
    const VersionDescription& description) {
  FieldWriter fields;
  fields.Text("uuid", description.uuid)
      .Number("header-size", static_cast<std::int64_t>(description.header_size))
      .Bytes("header-sha256", description.header_sha256)
      .Text("header-profile", description.header_profile)
      .Text("file-system", description.file_system)
      .Text("mount-options", JoinMountOptions(description.mount_options));
  if (description.verity.has_value()) {
    fields.Text("verity", VerityColumn(*description.verity));
  }
  return fields.Close();
}

Result<VersionDescription> ReadDescriptionRecord(ByteSpan bytes) {
  ASSIGN_OR_RETURN(FieldReader fields, FieldReader::Parse(bytes));
  VersionDescription description;
  description.uuid = fields.Text("uuid");
  description.header_size =
      static_cast<std::uint64_t>(fields.Number("header-size"));
  const ByteSpan digest = fields.Bytes("header-sha256");
  description.header_profile = fields.Text("header-profile");
  description.file_system = fields.Text("file-system");
  description.mount_options = SplitMountOptions(fields.Text("mount-options"));
  const std::optional<std::string> verity = fields.OptionalText("verity");
  RETURN_IF_ERROR(fields.Finish());
  if (verity.has_value()) {
    ASSIGN_OR_RETURN(description.verity, ReadVerityColumn(*verity));
  }
  if (digest.size() != description.header_sha256.size()) {
    return Error(
        Reason::kStoreInvalid,
        "a header digest has " + std::to_string(digest.size()) + " bytes");
  }
  std::ranges::copy(digest, description.header_sha256.begin());
  return description;
}

std::vector<std::uint8_t> WriteVersionState(const VersionRecord& version) {
  FieldWriter fields;
  fields.Flag("retired", version.retired).Text("created", version.created);
  AddTime(&fields, "not-before", version.limits.not_before);
  AddTime(&fields, "not-after", version.limits.not_after);
  if (version.limits.releases.has_value()) {
    fields.Number("releases", *version.limits.releases);
    fields.Number("released", version.released);
  }
  AddTime(&fields, "delete-after", version.delete_after);
  fields.Flag("destroyed", version.destroyed);
  return fields.Close();
}

Result<void> ReadVersionState(ByteSpan bytes, VersionRecord* version) {
  ASSIGN_OR_RETURN(FieldReader fields, FieldReader::Parse(bytes));
  version->retired = fields.Flag("retired");
  version->created = fields.Text("created");
  version->limits.not_before = TimeIn(&fields, "not-before");
  version->limits.not_after = TimeIn(&fields, "not-after");
  if (const auto releases = fields.OptionalNumber("releases")) {
    version->limits.releases = static_cast<std::uint32_t>(*releases);
    version->released = static_cast<std::uint32_t>(fields.Number("released"));
  }
  version->delete_after = TimeIn(&fields, "delete-after");
  version->destroyed = fields.Flag("destroyed");
  return fields.Finish();
}

std::vector<std::uint8_t> WriteVolumeState(const VolumeState& state) {
  return FieldWriter()
      .Flag("disabled", state.disabled)
      .Number("policy", state.policy_number)
      .Close();
}

Result<VolumeState> ReadVolumeState(ByteSpan bytes) {
  ASSIGN_OR_RETURN(FieldReader fields, FieldReader::Parse(bytes));
  VolumeState state;
  state.disabled = fields.Flag("disabled");
  state.policy_number = static_cast<std::uint32_t>(fields.Number("policy"));
  RETURN_IF_ERROR(fields.Finish());
  return state;
}

std::vector<std::uint8_t> WritePolicy(const PolicyRecord& policy) {
  return FieldWriter()
      .Text("json", policy.json)
      .Text("author", policy.author)
      .Text("time", policy.time)
      .Close();
}

Result<PolicyRecord> ReadPolicy(std::uint32_t number, ByteSpan bytes) {
  ASSIGN_OR_RETURN(FieldReader fields, FieldReader::Parse(bytes));
  PolicyRecord policy;
  policy.number = number;
  policy.json = fields.Text("json");
  policy.author = fields.Text("author");
  policy.time = fields.Text("time");
  RETURN_IF_ERROR(fields.Finish());
  return policy;
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "agent/volume_status.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "agent/state_record.h"
#include "agent/volume_config.h"
#include "agent/volume_guard.h"
#include "common/exit_report.h"
#include "common/json_text.h"
#include "common/volume_name.h"
#include "luks/volume.h"

namespace tdxvfs::agent {
namespace {

using Kind = luks::VolumeState::Kind;

std::string StateName(Kind kind, bool agent_at_work, bool failed_before) {
  if (kind == Kind::kOpen) {
    return "open";
  }
  if (agent_at_work) {
    return "opening";
  }
  return kind == Kind::kPartial || failed_before ? "failed" : "locked";
}

void AddText(JsonObject& object, std::string_view name,
             const std::string& value) {
  if (value.empty()) {
    object.Null(name);
  } else {
    object.String(name, value);
  }
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<VolumeStatus> StatusOf(const Surroundings& surroundings,
                              std::string_view volume) {
  RETURN_IF_ERROR(CheckVolumeName(volume));
  VolumeStatus status;
  status.volume = volume;
  StateRecord record = ReadStateRecord(surroundings.run_directory, volume);
  const auto config = LoadVolumeConfig(surroundings.config_directory, volume);
  luks::VolumePlace place{std::string(volume), {}};
  if (config.has_value()) {
    place.mount_point = config->mount;
    status.image = config->image.string();
  } else {
    record.reason = InfoOf(config.error().reason()).slug;
  }
  ASSIGN_OR_RETURN(const luks::VolumeState state, luks::StateOfVolume(place));
  status.state = StateName(
      state.kind, VolumeGuard::IsHeld(surroundings.run_directory, volume),
      !record.reason.empty());
  status.mapping = state.mapping;
  status.verity = state.verity;
  status.loop = state.loop;
  status.mount = state.mount;
  if (status.state == "open") {
    status.image =
        state.backing_file.empty() ? status.image : state.backing_file;
    status.since = record.since;
    status.version = record.version;
    status.audit_id = record.audit_id;
  } else if (status.state != "locked") {
    status.reason = record.reason;
    status.audit_id = record.audit_id;
  }
  return status;
}

std::string StatusJson(const VolumeStatus& status) {
  JsonObject object;
  object.String("volume", status.volume).String("state", status.state);
  AddText(object, "image", status.image);
  AddText(object, "mapping", status.mapping);
  AddText(object, "loop", status.loop);
  AddText(object, "mount", status.mount);
  AddText(object, "since", status.since);
  if (IsNumber(status.version)) {
    object.Number("version", std::atoll(status.version.c_str()));
  } else {
    object.Null("version");
  }
  AddText(object, "audit_id", status.audit_id);
  AddText(object, "reason", status.reason);
  AddText(object, "verity", status.verity);
  return object.Close();
}

std::string StatusText(const VolumeStatus& status) {
  std::string text = status.volume + "  " + status.state;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      text += "  " + std::string(name) + " " + OneLine(value);
    }
  };
  add("reason", status.reason);
  add("mount", status.mount);
  add("image", status.image);
  add("version", status.version);
  add("since", status.since);
  add("audit-id", status.audit_id);
  return text;
}

}  // namespace tdxvfs::agent

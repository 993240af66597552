// SPDX-License-Identifier: Apache-2.0
#include "agent/lock_volume.h"

#include <vector>

#include "agent/state_record.h"
#include "agent/volume_config.h"
#include "agent/volume_guard.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/volume_name.h"
#include "luks/volume.h"

namespace tdxvfs::agent {
namespace {

// An attempt to open takes seconds at most once the grant is there.
constexpr std::chrono::seconds kLockGuardLimit{30};

// Where the volume is mounted: as configured, or, when the configuration
// cannot be read any more, as the kernel knows it.
Result<luks::VolumePlace> PlaceOf(const Surroundings& surroundings,
                                  const std::string& volume) {
  luks::VolumePlace place{volume, {}};
  const auto config = LoadVolumeConfig(surroundings.config_directory, volume);
  if (config.has_value()) {
    place.mount_point = config->mount;
    return place;
  }
  ASSIGN_OR_RETURN(const luks::VolumeState state, luks::StateOfVolume(place));
  if (state.kind == luks::VolumeState::Kind::kLocked) {
    return config.error();
  }
  place.mount_point = state.mount;
  return place;
}

Error WithHolders(Error error, const std::vector<luks::Holder>& holders) {
  std::string used_by;
  for (const luks::Holder& holder : holders) {
    used_by += (used_by.empty() ? "used by " : ", ") +
               std::to_string(holder.pid) + " (" + holder.command + ")";
  }
  if (used_by.empty()) {
    return error;
  }
  return {error.reason(), error.ToString() + ": " + used_by};
}

Result<void> Close(const luks::VolumePlace& place, luks::CloseMode mode) {
  std::vector<luks::Holder> holders;
  auto closed = luks::CloseVolume(place, mode, &holders);
  if (!closed.has_value()) {
    return WithHolders(std::move(closed).error(), holders);
  }
  return closed;
}

}  // namespace

Result<void> LockVolume(const Surroundings& surroundings,
                        const std::string& volume, LockMode mode) {
  RETURN_IF_ERROR(CheckVolumeName(volume));
  ASSIGN_OR_RETURN(
      const VolumeGuard guard,
      VolumeGuard::Take(surroundings.run_directory, volume,
                        VolumeGuard::Kind::kAttempt, kLockGuardLimit));
  ASSIGN_OR_RETURN(const luks::VolumePlace place,
                   PlaceOf(surroundings, volume));
  ASSIGN_OR_RETURN(const luks::VolumeState before, luks::StateOfVolume(place));
  auto closed =
      Close(place, mode == LockMode::kLazy ? luks::CloseMode::kLazy
                                           : luks::CloseMode::kNormal);
  if (!closed.has_value() && closed.error().reason() == Reason::kVolumeBusy &&
      mode == LockMode::kLazyOnShutdown && SystemIsStopping()) {
    closed = Close(place, luks::CloseMode::kLazy);
  }
  if (!closed.has_value() && mode == LockMode::kLazyOnShutdown) {
    Log(LogLevel::kError, Event::kLockFailed,
        "volume '" + volume + "' stays open: " + closed.error().ToString(),
        {.volume = volume,
         .reason = std::string(InfoOf(closed.error().reason()).slug)});
  }
  RETURN_IF_ERROR(std::move(closed));
  if (before.kind == luks::VolumeState::Kind::kLocked) {
    // What the record says about the last failure stays true.
    return {};
  }
  RemoveStateRecord(surroundings.run_directory, volume);
  Log(LogLevel::kInfo, Event::kLocked, "volume '" + volume + "' locked",
      {.volume = volume});
  return {};
}

}  // namespace tdxvfs::agent

// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "luks/holders.h"
#include "luks/mount.h"
#include "luks/mount_point.h"
#include "luks/open_mapping.h"
#include "luks/verity_device.h"
#include "luks/volume.h"

namespace tdxvfs::luks {
namespace {

constexpr std::size_t kHoldersNamed = 5;

// dm-verity as it was, when it had gone before dm-crypt turned out to be busy.
Result<void> MapVerityAgain(const OpenMapping& open) {
  ASSIGN_OR_RETURN(const MappingInfo now, InspectMapping(open.verity_name));
  if (now.exists || !open.verity_table.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(const MappingInfo below, InspectMapping(open.name));
  ASSIGN_OR_RETURN(OwnedMapping mapping,
                   MapVerity(OpenableNode(open.name, below.device),
                             open.verity_name, open.verity_table->parameters));
  mapping.Keep();
  return {};
}

// The mount as it was, so that a volume that turns out to be busy stays usable.
Result<void> MountAgain(const OpenMapping& open, const VolumePlace& place) {
  const std::string name = open.top_name();
  ASSIGN_OR_RETURN(const MappingInfo top, InspectMapping(name));
  ASSIGN_OR_RETURN(std::string source, NamedNode(name, top.device));
  MountRequest request{.source = std::move(source),
                       .device = top.device,
                       .file_system = open.mount->file_system,
                       .options = {"ro"}};
  if (HasOption(open.mount->mount_options, "noatime")) {
    request.options.emplace_back("noatime");
  }
  if (HasOption(open.mount->super_options, "norecovery")) {
    request.options.emplace_back("noload");  // as ext4 spells it back
  }
  ASSIGN_OR_RETURN(const MountPoint point,
                   MountPoint::Prepare(place.mount_point, nullptr));
  return MountOn(point, request);
}

// A mount that holds the volume without any process: of the volume elsewhere,
// such as a bind mount, or of something else below its mount point.
std::string HoldingMountOf(const OpenMapping& open) {
  const std::string below = open.mount->path + "/";
  for (const MountEntry& mount : MountsOf(0)) {
    if ((mount.device == open.top().device && mount.path != open.mount->path) ||
        mount.path.starts_with(below)) {
      return mount.path;
    }
  }
  return {};
}

Error BusyError(Error error, const OpenMapping& open,
                std::vector<Holder>* holders) {
  if (error.reason() != Reason::kVolumeBusy) {
    return error;
  }
  if (holders != nullptr) {
    std::vector<dev_t> devices{open.top().device};
    if (open.verity.exists) {
      devices.push_back(open.info.device);
    }
    *holders = FindHolders(devices, kHoldersNamed);
  }
  if (open.mounted()) {
    const std::string mount = HoldingMountOf(open);
    if (!mount.empty()) {
      error.AddContext("held by the mount at '" + mount + "'");
    }
  }
  return error;
}

Result<void> CloseNormally(const OpenMapping& open, const VolumePlace& place,
                           std::vector<Holder>* holders) {
  if (open.mounted()) {
    auto unmounted = UnmountFrom(open.mount->path, Unmounting::kNormal);
    if (!unmounted.has_value()) {
      return BusyError(std::move(unmounted).error(), open, holders);
    }
  }
  auto removed = RemoveMappings(open, Removal::kNow);
  if (removed.has_value()) {
    return removed;
  }
  if (open.mounted()) {
    RETURN_IF_ERROR(MapVerityAgain(open).Context("map the busy volume again"));
    RETURN_IF_ERROR(
        MountAgain(open, place).Context("mount the busy volume again"));
  }
  return BusyError(std::move(removed).error(), open, holders);
}

Result<void> CloseLazily(const OpenMapping& open) {
  if (open.mounted()) {
    RETURN_IF_ERROR(UnmountFrom(open.mount->path, Unmounting::kDetach));
  }
  return RemoveMappings(open, Removal::kWhenUnused);
}

}  // namespace

Result<void> CloseWhenUnmounted(const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (open.foreign()) {
    return ForeignMapping(open);
  }
  if (!open.mounted()) {
    return Error(Reason::kVolumeNotOpen,
                 "'" + place.mount_point.string() + "' is not mounted");
  }
  return RemoveMappings(open, Removal::kWhenUnused);
}

Result<void> CloseVolume(const VolumePlace& place, CloseMode mode,
                         std::vector<Holder>* holders) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (!open.exists()) {
    return {};
  }
  if (open.foreign()) {
    return ForeignMapping(open);
  }
  if (mode == CloseMode::kLazy) {
    return CloseLazily(open);
  }
  return CloseNormally(open, place, holders);
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/open_mapping.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "luks/backing_device.h"
#include "luks/mount_point.h"

namespace tdxvfs::luks {
namespace {

constexpr std::uint64_t kSectorSize = 512;  // bytes, device mapper's unit
constexpr off_t kUuidAt = 168;              // byte of the binary header

Error InUse(const OpenMapping& open, std::string_view what) {
  return {Reason::kVolumeInUse,
          "mapping '" + open.name + "' " + std::string(what)};
}

// The UUID stands at a fixed place of the binary header (LUKS2 On-Disk Format
// 1.1, section 2.1), so nothing has to be parsed before the grant is here.
std::string UuidOf(const Header& header) {
  std::array<char, 40> uuid{};
  const ssize_t got =
      ::pread(header.descriptor(), uuid.data(), uuid.size() - 1, kUuidAt);
  return got < 0 ? std::string() : std::string(uuid.data());
}

}  // namespace

Result<OpenMapping> InspectOpenMapping(const VolumePlace& place) {
  OpenMapping open;
  open.name = CryptMappingName(place.name);
  ASSIGN_OR_RETURN(open.info, InspectMapping(open.name));
  open.mount = MountAt(place.mount_point);
  open.uuid = LuksUuidOf(open.info.uuid, open.name);
  if (open.uuid.has_value() && open.info.has_live_table) {
    ASSIGN_OR_RETURN(const auto lines, LiveTable(open.name));
    if (auto table = ParseCryptTable(lines)) {
      open.table = std::move(*table);
    }
  }
  return open;
}

Result<void> ClearRemains(const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (open.foreign()) {
    return InUse(open, "is not a mapping of ours");
  }
  if (open.mounted()) {
    return InUse(open, "is mounted already");
  }
  auto removed = RemoveMapping(open.name, Removal::kNow);
  if (!removed.has_value() && removed.error().reason() == Reason::kVolumeBusy) {
    return InUse(open, "is left from an earlier opening and still held");
  }
  return removed;
}

Result<void> CheckAlreadyOpen(const Header& header, const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (open.foreign()) {
    return InUse(open, "is not a mapping of ours");
  }
  if (!open.mounted() && open.mount.has_value()) {
    return Error(Reason::kMountPointOccupied,
                 "mount point '" + place.mount_point.string() + "' has '" +
                     open.mount->source + "' mounted on it");
  }
  if (!open.mounted()) {
    return Error(Reason::kVolumeNotOpen,
                 "volume '" + place.name + "' is not open");
  }
  if (!open.table.has_value() || !open.info.read_only) {
    return InUse(open, "has a table that is not ours");
  }
  const std::string uuid = UuidOf(header);
  if (*open.uuid != uuid) {
    return InUse(open, "has UUID " + *open.uuid + ", the image " + uuid);
  }
  auto checked =
      CheckCryptTable(*open.table, {.uuid = uuid,
                                    .offset = header.size() / kSectorSize,
                                    .device = std::nullopt,
                                    .length = std::nullopt});
  if (!checked.has_value()) {
    return InUse(open, "has another table: " + checked.error().message());
  }
  return {};
}

Result<VolumeState> StateOfVolume(const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  VolumeState state;
  if (!open.info.exists || open.foreign()) {
    return state;
  }
  state.mapping = open.name;
  state.uuid = *open.uuid;
  if (open.table.has_value()) {
    const BlockDeviceName below = NameOfBlockDevice(open.table->device);
    state.loop = below.path;
    state.backing_file = below.backing_file;
  }
  state.kind = VolumeState::Kind::kPartial;
  if (open.mounted() && open.table.has_value()) {
    state.kind = VolumeState::Kind::kOpen;
    state.mount = open.mount->path;
  }
  return state;
}

}  // namespace tdxvfs::luks

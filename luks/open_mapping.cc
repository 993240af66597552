// SPDX-License-Identifier: Apache-2.0
#include "luks/open_mapping.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "luks/backing_device.h"
#include "luks/luks_format.h"
#include "luks/mount_point.h"

namespace tdxvfs::luks {
namespace {

Error InUse(const std::string& name, const std::string& what) {
  return {Reason::kVolumeInUse, "mapping '" + name + "' " + what};
}

// The shape alone: whose parameters they are, only a grant can say.
Result<void> CheckVerityShape(const OpenMapping& open) {
  if (!open.verity.exists) {
    return {};
  }
  if (!open.verity_table.has_value() || !open.verity.read_only) {
    return InUse(open.verity_name, "has a table that is not ours");
  }
  auto checked = CheckVerityTable(*open.verity_table, open.info.device);
  if (!checked.has_value()) {
    return InUse(open.verity_name,
                 "has another table: " + checked.error().message());
  }
  return {};
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
  open.verity_name = VerityMappingName(place.name);
  ASSIGN_OR_RETURN(open.info, InspectMapping(open.name));
  ASSIGN_OR_RETURN(open.verity, InspectMapping(open.verity_name));
  open.mount = MountAt(place.mount_point);
  open.uuid = LuksUuidOf(open.info.uuid, open.name);
  if (open.uuid.has_value() && open.info.has_live_table) {
    ASSIGN_OR_RETURN(const auto lines, LiveTable(open.name));
    if (auto table = ParseCryptTable(lines)) {
      open.table = std::move(*table);
    }
  }
  if (open.verity.has_live_table && !open.foreign()) {
    ASSIGN_OR_RETURN(const auto lines, LiveTable(open.verity_name));
    if (auto table = ParseVerityTable(lines)) {
      open.verity_table = std::move(*table);
    }
  }
  return open;
}

Error ForeignMapping(const OpenMapping& open) {
  const bool crypt = open.info.exists && !open.uuid.has_value();
  return {Reason::kVolumeInUse, "mapping '" +
                                    (crypt ? open.name : open.verity_name) +
                                    "' is not a mapping of ours"};
}

Result<void> RemoveMappings(const OpenMapping& open, Removal removal) {
  RETURN_IF_ERROR(RemoveMapping(open.verity_name, removal));
  return RemoveMapping(open.name, removal);
}

Result<void> ClearRemains(const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (open.foreign()) {
    return ForeignMapping(open);
  }
  if (open.mounted()) {
    return InUse(open.top_name(), "is mounted already");
  }
  auto removed = RemoveMappings(open, Removal::kNow);
  if (!removed.has_value() && removed.error().reason() == Reason::kVolumeBusy) {
    return InUse(open.top_name(),
                 "is left from an earlier opening and still held");
  }
  return removed;
}

Result<void> CheckAlreadyOpen(const Header& header, const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  if (open.foreign()) {
    return ForeignMapping(open);
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
    return InUse(open.name, "has a table that is not ours");
  }
  const std::string uuid = UuidOf(header);
  if (*open.uuid != uuid) {
    return InUse(open.name, "has UUID " + *open.uuid + ", the image " + uuid);
  }
  auto checked =
      CheckCryptTable(*open.table, {.uuid = uuid,
                                    .offset = header.size() / kSectorSize,
                                    .device = std::nullopt,
                                    .length = std::nullopt,
                                    .sector_size = std::nullopt});
  if (!checked.has_value()) {
    return InUse(open.name, "has another table: " + checked.error().message());
  }
  return CheckVerityShape(open);
}

Result<VolumeState> StateOfVolume(const VolumePlace& place) {
  ASSIGN_OR_RETURN(const OpenMapping open, InspectOpenMapping(place));
  VolumeState state;
  if (!open.exists() || open.foreign()) {
    return state;
  }
  state.mapping = open.info.exists ? open.name : "";
  state.verity = open.verity.exists ? open.verity_name : "";
  state.uuid = open.uuid.value_or("");
  if (open.table.has_value()) {
    const BlockDeviceName below = NameOfBlockDevice(open.table->device);
    state.loop = below.path;
    state.backing_file = below.backing_file;
  }
  state.kind = VolumeState::Kind::kPartial;
  if (open.mounted() && open.table.has_value() &&
      CheckVerityShape(open).has_value()) {
    state.kind = VolumeState::Kind::kOpen;
    state.mount = open.mount->path;
  }
  return state;
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_OPEN_MAPPING_H_
#define TDXVFS_LUKS_OPEN_MAPPING_H_

#include <optional>
#include <string>

#include "common/result.h"
#include "luks/crypt_table.h"
#include "luks/device_mapper.h"
#include "luks/mount_table.h"
#include "luks/volume.h"

namespace tdxvfs::luks {

// What stands under a volume's names in the kernel now.
struct OpenMapping {
  std::string name;  // tdxvfs-crypt-NAME
  MappingInfo info;
  std::optional<std::string> uuid;  // LUKS UUID; nothing: absent or foreign
  std::optional<CryptTable> table;  // nothing: absent, half-made or foreign
  std::optional<MountEntry> mount;  // what is mounted at the place, ours or not

  bool foreign() const { return info.exists && !uuid.has_value(); }
  bool mounted() const {
    return info.exists && mount.has_value() && mount->device == info.device;
  }
};

// Fails with kPermission or kMappingFailed.
Result<OpenMapping> InspectOpenMapping(const VolumePlace& place);

// Removes what a killed opening left of this volume: a half-made mapping, or a
// whole one that is not mounted. The loop device goes with it (autoclear).
// Fails with kVolumeInUse when the mapping is another's, is mounted or is held
// open.
Result<void> ClearRemains(const VolumePlace& place);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_OPEN_MAPPING_H_

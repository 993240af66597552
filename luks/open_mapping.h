// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_OPEN_MAPPING_H_
#define TDXVFS_LUKS_OPEN_MAPPING_H_

#include <optional>
#include <string>

#include "common/result.h"
#include "luks/crypt_table.h"
#include "luks/device_mapper.h"
#include "luks/mount_table.h"
#include "luks/verity_table.h"
#include "luks/volume.h"

namespace tdxvfs::luks {

// What stands under a volume's names in the kernel now.
struct OpenMapping {
  std::string name;  // tdxvfs-crypt-NAME
  MappingInfo info;
  std::optional<std::string> uuid;  // LUKS UUID; nothing: absent or foreign
  std::optional<CryptTable> table;  // nothing: absent, half-made or foreign

  std::string verity_name;  // tdxvfs-verity-NAME
  MappingInfo verity;
  std::optional<VerityTable> verity_table;  // as `table`

  std::optional<MountEntry> mount;  // what is mounted at the place, ours or not

  bool exists() const { return info.exists || verity.exists; }
  // Something under one of the names that we did not make.
  bool foreign() const {
    return (info.exists && !uuid.has_value()) ||
           (verity.exists && !IsVerityUuid(verity.uuid, verity_name));
  }
  // The device that is mounted, and its name.
  const MappingInfo& top() const { return verity.exists ? verity : info; }
  const std::string& top_name() const {
    return verity.exists ? verity_name : name;
  }
  bool mounted() const {
    return exists() && mount.has_value() && mount->device == top().device;
  }
};

// Fails with kPermission or kMappingFailed.
Result<OpenMapping> InspectOpenMapping(const VolumePlace& place);

// The mapping that is not ours, by name.
Error ForeignMapping(const OpenMapping& open);

// Removes both mappings, dm-verity first, half-made ones too. The loop device
// goes with the last one (autoclear). Fails as RemoveMapping does.
Result<void> RemoveMappings(const OpenMapping& open, Removal removal);

// Removes what a killed opening left of this volume: mappings that are half
// made, or whole but not mounted. Fails with kVolumeInUse when a mapping is
// another's, is mounted or is held open.
Result<void> ClearRemains(const VolumePlace& place);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_OPEN_MAPPING_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_VOLUME_H_
#define TDXVFS_LUKS_VOLUME_H_

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/header.h"
#include "luks/image_file.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::luks {

// What the key server granted, as far as opening needs it.
struct OpenGrant {
  Secret passphrase;
  std::string uuid;
  std::uint64_t header_size = 0;  // bytes
  Sha256Digest header_sha256{};
  std::string header_profile;              // "sealed-1"
  std::string file_system;                 // "erofs", "squashfs", "ext4"
  std::vector<std::string> mount_options;  // of: ro, noatime, relatime, noload
  std::optional<VerityParameters> verity;  // nothing where the profile has none
};

// Where a volume goes.
struct VolumePlace {
  // Volume id; mappings tdxvfs-crypt-NAME and, on it, tdxvfs-verity-NAME.
  std::string name;
  std::filesystem::path mount_point;  // absolute
};

// How long each step of an opening took.
struct OpenTimings {
  std::chrono::microseconds header{};  // checks, parsing, mount point
  std::chrono::microseconds attach{};  // loop device
  std::chrono::microseconds crypt{};   // key slot, dm-crypt
  std::chrono::microseconds verity{};  // dm-verity, its first block
  std::chrono::microseconds mount{};
};

// A process that keeps a volume busy.
struct Holder {
  pid_t pid = 0;
  std::string command;
};

// What the kernel says about a volume name right now.
struct VolumeState {
  enum class Kind : std::uint8_t { kLocked, kPartial, kOpen };
  Kind kind = Kind::kLocked;
  std::string mapping;       // dm-crypt's name, empty when there is none
  std::string verity;        // dm-verity's name, empty when there is none
  std::string uuid;          // LUKS UUID out of the mapping's dm UUID
  std::string loop;          // "/dev/loopN" or the block device below
  std::string backing_file;  // of the loop device, as the kernel names it
  std::string mount;         // mount point, empty when not mounted
};

// Opens everything: loop device (unless the image is a block device), LUKS
// mapping from the sealed header, dm-verity on it where the profile has it,
// mount. A failure at any step undoes the steps before it; nothing stays
// behind. The volume stays open when the process ends. `warn` gets one line for
// each condition that does not stop the opening (buffered instead of direct
// I/O, files hidden beneath the mount).
//
// Fails with kGrantInvalid (file system, mount options, dm-verity parameters),
// kVerityMissing, kNotSupported (header profile), kGrantMismatch,
// kHeaderMismatch, kHeaderRefused, kPassphraseWrong, kImageTruncated,
// kImageCorrupt, kLoopFailed, kMappingFailed, kMountFailed,
// kMountPointOccupied, kVolumeInUse, kIoError.
Result<OpenTimings> OpenVolume(const ImageFile& image, const Header& header,
                               const OpenGrant& grant, const VolumePlace& place,
                               const std::function<void(std::string)>& warn);

// Whether an already open volume is the one asked for: UUID of the header at
// hand, live table as we make it, mounted at the place. Success: it is ours
// and complete. Fails with kVolumeNotOpen when nothing of this name exists or
// only remains that a new opening may clean up, and kVolumeInUse when
// something else has the name, and kMountPointOccupied when the name is free
// but the mount point is not: so that no key is asked for in vain.
Result<void> CheckAlreadyOpen(const Header& header, const VolumePlace& place);

enum class CloseMode : std::uint8_t { kNormal, kLazy };

// Unmounts, removes the mappings, detaches the loop device. A volume that is
// not open is success (nothing to do); remains of a killed opening are removed
// too. Busy: kVolumeBusy and up to five `holders`, the volume stays usable.
// kLazy detaches the mount and defers removal of mappings and loop device.
Result<void> CloseVolume(const VolumePlace& place, CloseMode mode,
                         std::vector<Holder>* holders);

// Lets a plain umount(8) close an open volume: the kernel removes mappings and
// loop device with their last user. For a mount made through mount(8), whose
// umount knows nothing of us. Fails with kVolumeNotOpen, kVolumeInUse,
// kMappingFailed.
Result<void> CloseWhenUnmounted(const VolumePlace& place);

// Reads the state from the kernel (device mapper, /sys/block, mountinfo). Fails
// with kPermission (only root may ask device mapper) or kMappingFailed.
Result<VolumeState> StateOfVolume(const VolumePlace& place);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_VOLUME_H_

// SPDX-License-Identifier: Apache-2.0
#include "luks/volume.h"

#include <utility>

#include "common/volume_name.h"
#include "luks/backing_device.h"
#include "luks/crypt_mapping.h"
#include "luks/device_mapper.h"
#include "luks/mount.h"
#include "luks/mount_point.h"
#include "luks/open_mapping.h"
#include "luks/verity_device.h"
#include "luks/volume_checks.h"

namespace tdxvfs::luks {
namespace {

constexpr std::uint32_t kSmallBlock = 512;   // bytes
constexpr std::uint32_t kLargeBlock = 4096;  // bytes

// Milliseconds by parts, for the agent's one line on success.
class StepClock {
 public:
  std::chrono::microseconds Lap() {
    const auto now = std::chrono::steady_clock::now();
    const auto lap = std::chrono::duration_cast<std::chrono::microseconds>(
        now - std::exchange(last_, now));
    return lap;
  }

 private:
  std::chrono::steady_clock::time_point last_ =
      std::chrono::steady_clock::now();
};

// Puts dm-verity on the crypt mapping and shows that it holds what was granted.
Result<OwnedMapping> OpenVerity(const std::string& volume,
                                const VerityParameters& granted) {
  const std::string below = CryptMappingName(volume);
  const std::string name = VerityMappingName(volume);
  ASSIGN_OR_RETURN(const MappingInfo crypt, InspectMapping(below));
  ASSIGN_OR_RETURN(OwnedMapping mapping,
                   MapVerity(OpenableNode(below, crypt.device), name, granted));
  RETURN_IF_ERROR(CheckLiveVerity(name, granted, crypt.device));
  RETURN_IF_ERROR(CheckFirstBlock(name));
  return mapping;
}

Result<void> MountMapping(const std::string& mapping, const MountPoint& point,
                          const OpenGrant& grant) {
  ASSIGN_OR_RETURN(const MappingInfo info, InspectMapping(mapping));
  ASSIGN_OR_RETURN(std::string source, NamedNode(mapping, info.device));
  return MountOn(point, {.source = std::move(source),
                         .device = info.device,
                         .file_system = grant.file_system,
                         .options = grant.mount_options});
}

}  // namespace

Result<OpenTimings> OpenVolume(const ImageFile& image, const Header& header,
                               const OpenGrant& grant, const VolumePlace& place,
                               const std::function<void(std::string)>& warn) {
  RETURN_IF_ERROR(CheckVolumeName(place.name));
  StepClock clock;
  OpenTimings timings;
  ASSIGN_OR_RETURN(const CheckedHeader checked, CheckHeader(header, grant));
  RETURN_IF_ERROR(CheckDataSize(image, header, grant, checked.sector_size));
  RETURN_IF_ERROR(ClearRemains(place));
  ASSIGN_OR_RETURN(const MountPoint point,
                   MountPoint::Prepare(place.mount_point, warn));
  timings.header = clock.Lap();
  // Smaller sectors may carry a file system with smaller blocks.
  const bool large = checked.sector_size == kLargeBlock;
  ASSIGN_OR_RETURN(
      const BackingDevice backing,
      BackingDevice::Attach(image, large ? kLargeBlock : kSmallBlock, warn));
  timings.attach = clock.Lap();
  std::string top = CryptMappingName(place.name);
  ASSIGN_OR_RETURN(OwnedMapping crypt,
                   MapCrypt(checked.device, backing, top, grant.passphrase));
  RETURN_IF_ERROR(CheckLiveCrypt(top, image, header, grant, backing.device(),
                                 checked.sector_size));
  timings.crypt = clock.Lap();
  std::optional<OwnedMapping> verity;  // destroyed before what it lies on
  if (grant.verity.has_value()) {
    ASSIGN_OR_RETURN(OwnedMapping mapped,
                     OpenVerity(place.name, *grant.verity));
    verity.emplace(std::move(mapped));
    top = VerityMappingName(place.name);
    timings.verity = clock.Lap();
  }
  RETURN_IF_ERROR(CheckFileSystem(top, image, header, grant));
  RETURN_IF_ERROR(MountMapping(top, point, grant));
  timings.mount = clock.Lap();
  crypt.Keep();
  if (verity.has_value()) {
    verity->Keep();
  }
  return timings;
}

}  // namespace tdxvfs::luks

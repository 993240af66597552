// SPDX-License-Identifier: Apache-2.0
#include "luks/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "common/unique_fd.h"
#include "common/volume_name.h"
#include "luks/backing_device.h"
#include "luks/crypt_device.h"
#include "luks/crypt_mapping.h"
#include "luks/crypt_table.h"
#include "luks/device_mapper.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/mount.h"
#include "luks/mount_point.h"
#include "luks/open_mapping.h"
#include "luks/sealed_profile.h"
#include "luks/super_block.h"

namespace tdxvfs::luks {
namespace {

constexpr std::uint64_t kSectorSize = 512;   // bytes, device mapper's unit
constexpr std::uint32_t kLargeBlock = 4096;  // bytes

// A header that was checked against grant and profile, and what it says.
struct CheckedHeader {
  CryptDevice device;
  std::uint64_t sector_size = 0;  // bytes
};

Result<void> CheckGrant(const Header& header, const OpenGrant& grant) {
  if (grant.header_size != header.size() ||
      grant.header_sha256 != header.digest()) {
    return Error(Reason::kHeaderMismatch,
                 "the image's header is not the one in the grant");
  }
  return CheckMountRequest({.source = {},
                            .device = 0,
                            .file_system = grant.file_system,
                            .options = grant.mount_options});
}

// Only now that the digest is the granted one is the header parsed at all.
Result<CheckedHeader> CheckHeader(const Header& header,
                                  const OpenGrant& grant) {
  RETURN_IF_ERROR(CheckGrant(header, grant));
  if (grant.header_profile == kSealedProfile) {
    RETURN_IF_ERROR(CheckSealedHeader(header));
  }
  ASSIGN_OR_RETURN(CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  RETURN_IF_ERROR(
      CheckHeaderProfile(metadata, grant.header_profile, header.size()));
  if (device.uuid() != grant.uuid) {
    return Error(Reason::kGrantMismatch, "the header's UUID is " +
                                             device.uuid() + ", the grant's " +
                                             grant.uuid);
  }
  const std::uint64_t sector_size = metadata.segments.front().sector_size;
  return CheckedHeader{std::move(device), sector_size};
}

Result<void> CheckDataSize(const ImageFile& image, const Header& header,
                           std::uint64_t sector_size) {
  if (image.size() <= header.size() ||
      (image.size() - header.size()) % sector_size != 0) {
    return Error(Reason::kImageTruncated,
                 "image '" + image.path().string() + "' ends at byte " +
                     std::to_string(image.size()) +
                     ", not after whole sectors of data");
  }
  return {};
}

Result<void> CheckLiveTable(const std::string& mapping, const ImageFile& image,
                            const Header& header, const OpenGrant& grant,
                            dev_t backing) {
  ASSIGN_OR_RETURN(const auto lines, LiveTable(mapping));
  ASSIGN_OR_RETURN(const CryptTable table, ParseCryptTable(lines));
  return CheckCryptTable(
      table, {.uuid = grant.uuid,
              .offset = header.size() / kSectorSize,
              .device = backing,
              .length = (image.size() - header.size()) / kSectorSize});
}

// The first read through the mapping: finds a cut-off image before the mount
// hides it, and a dying disk.
Result<void> CheckFileSystem(const std::string& mapping, const ImageFile& image,
                             const Header& header,
                             const std::string& file_system) {
  const std::string path = MappingPath(mapping);
  const UniqueFd device(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!device.valid()) {
    return SystemError(Reason::kMappingFailed, "'" + path + "'", errno);
  }
  std::array<std::uint8_t, kSuperBlockArea> start{};
  const ssize_t got = ::pread(device.get(), start.data(), start.size(), 0);
  if (got < 0) {
    return SystemError(Reason::kIoError,
                       "image '" + image.path().string() +
                           "': reading at byte " +
                           std::to_string(header.size()),
                       errno);
  }
  const auto size = FileSystemSize(file_system, start);
  if (size.has_value() && *size > image.size() - header.size()) {
    return Error(Reason::kImageTruncated,
                 "image '" + image.path().string() + "' ends at byte " +
                     std::to_string(image.size()) + ", its file system at " +
                     std::to_string(header.size() + *size));
  }
  return {};
}

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

}  // namespace

Result<OpenTimings> OpenVolume(const ImageFile& image, const Header& header,
                               const OpenGrant& grant, const VolumePlace& place,
                               const std::function<void(std::string)>& warn) {
  RETURN_IF_ERROR(CheckVolumeName(place.name));
  StepClock clock;
  OpenTimings timings;
  ASSIGN_OR_RETURN(const CheckedHeader checked, CheckHeader(header, grant));
  RETURN_IF_ERROR(CheckDataSize(image, header, checked.sector_size));
  const std::string name = CryptMappingName(place.name);
  RETURN_IF_ERROR(ClearRemains(place));
  ASSIGN_OR_RETURN(const MountPoint point,
                   MountPoint::Prepare(place.mount_point, warn));
  timings.map = clock.Lap();
  // Smaller sectors may carry a file system with smaller blocks.
  const bool large = checked.sector_size == kLargeBlock;
  ASSIGN_OR_RETURN(
      const BackingDevice backing,
      BackingDevice::Attach(image, large ? kLargeBlock : kSectorSize, warn));
  timings.attach = clock.Lap();
  ASSIGN_OR_RETURN(
      CryptMapping mapping,
      CryptMapping::Open(checked.device, backing, name, grant.passphrase));
  RETURN_IF_ERROR(CheckLiveTable(name, image, header, grant, backing.device()));
  RETURN_IF_ERROR(CheckFileSystem(name, image, header, grant.file_system));
  timings.map += clock.Lap();
  ASSIGN_OR_RETURN(const MappingInfo info, InspectMapping(name));
  RETURN_IF_ERROR(MountOn(point, {.source = MappingPath(name),
                                  .device = info.device,
                                  .file_system = grant.file_system,
                                  .options = grant.mount_options}));
  mapping.Keep();
  timings.mount = clock.Lap();
  return timings;
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/volume_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "common/unique_fd.h"
#include "luks/crypt_table.h"
#include "luks/device_mapper.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/imported_profile.h"
#include "luks/luks_format.h"
#include "luks/mount.h"
#include "luks/sealed_profile.h"
#include "luks/super_block.h"
#include "luks/verity_table.h"

namespace tdxvfs::luks {
namespace {

Error EndsEarly(const ImageFile& image, const std::string& what) {
  return {Reason::kImageTruncated,
          "image '" + image.path().string() + "' ends at byte " +
              std::to_string(image.size()) + ", " + what};
}

// A sealed volume without dm-verity would open, and its host could flip bits in
// it (threat D5): the grant of one always carries the parameters.
Result<void> CheckGrantedVerity(const OpenGrant& grant) {
  const bool sealed = grant.header_profile == kSealedProfile;
  if (sealed && !grant.verity.has_value()) {
    return Error(Reason::kVerityMissing,
                 "the grant has no dm-verity parameters, without which "
                 "profile sealed-1 is not opened");
  }
  if (!sealed && grant.verity.has_value()) {
    return Error(Reason::kGrantInvalid,
                 "the grant has dm-verity parameters, which profile '" +
                     grant.header_profile + "' has not");
  }
  return grant.verity.has_value() ? CheckVerityParameters(*grant.verity)
                                  : Result<void>();
}

Result<void> CheckGrant(const Header& header, const OpenGrant& grant) {
  if (grant.header_size != header.size() ||
      grant.header_sha256 != header.digest()) {
    return Error(Reason::kHeaderMismatch,
                 "the image's header is not the one in the grant");
  }
  RETURN_IF_ERROR(CheckGrantedVerity(grant));
  return CheckMountRequest({.source = {},
                            .device = 0,
                            .file_system = grant.file_system,
                            .options = grant.mount_options});
}

// How many bytes a file system may have.
std::uint64_t RoomFor(const OpenGrant& grant, const ImageFile& image,
                      const Header& header) {
  return grant.verity.has_value()
             ? grant.verity->data_blocks * grant.verity->data_block_size
             : image.size() - header.size();
}

}  // namespace

Result<CheckedHeader> CheckHeader(const Header& header,
                                  const OpenGrant& grant) {
  RETURN_IF_ERROR(CheckGrant(header, grant));
  if (grant.header_profile == kSealedProfile) {
    RETURN_IF_ERROR(CheckSealedHeader(header));
  } else if (grant.header_profile == kImportedProfile) {
    RETURN_IF_ERROR(CheckImportedHeader(header));
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
                           const OpenGrant& grant, std::uint64_t sector_size) {
  if (image.size() <= header.size() ||
      (image.size() - header.size()) % sector_size != 0) {
    return EndsEarly(image, "not after whole sectors of data");
  }
  if (grant.verity.has_value() &&
      EndOfHashTree(*grant.verity) > image.size() - header.size()) {
    return EndsEarly(image, "its hash tree at " +
                                std::to_string(header.size() +
                                               EndOfHashTree(*grant.verity)));
  }
  return {};
}

Result<void> CheckLiveCrypt(const std::string& mapping, const ImageFile& image,
                            const Header& header, const OpenGrant& grant,
                            dev_t backing, std::uint64_t sector_size) {
  ASSIGN_OR_RETURN(const auto lines, LiveTable(mapping));
  ASSIGN_OR_RETURN(const CryptTable table, ParseCryptTable(lines));
  return CheckCryptTable(
      table, {.uuid = grant.uuid,
              .offset = header.size() / kSectorSize,
              .device = backing,
              .length = (image.size() - header.size()) / kSectorSize,
              .sector_size = sector_size});
}

Result<void> CheckLiveVerity(const std::string& mapping,
                             const VerityParameters& granted, dev_t crypt) {
  ASSIGN_OR_RETURN(const auto lines, LiveTable(mapping));
  ASSIGN_OR_RETURN(const VerityTable table, ParseVerityTable(lines));
  return CheckVerityTable(table, crypt, granted);
}

Result<void> CheckFileSystem(const std::string& mapping, const ImageFile& image,
                             const Header& header, const OpenGrant& grant) {
  ASSIGN_OR_RETURN(const MappingInfo info, InspectMapping(mapping));
  const std::string path = OpenableNode(mapping, info.device);
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
  const auto size = FileSystemSize(grant.file_system, start);
  if (size.has_value() && *size > RoomFor(grant, image, header)) {
    return EndsEarly(
        image, "its file system at " + std::to_string(header.size() + *size));
  }
  return {};
}

}  // namespace tdxvfs::luks

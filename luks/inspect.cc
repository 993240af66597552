// SPDX-License-Identifier: Apache-2.0
#include "luks/inspect.h"

#include <string>
#include <utility>

#include "luks/crypt_device.h"
#include "luks/header.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/image_file.h"
#include "luks/imported_profile.h"
#include "luks/sealed_profile.h"
#include "luks/whole_header.h"

namespace tdxvfs::luks {
namespace {

// Both profiles are judged by the header's own bytes; the wider one by what
// libcryptsetup understood as well.
Result<void> DescribeProfile(const Header& header,
                             const HeaderMetadata& metadata,
                             Inspection* inspection) {
  ASSIGN_OR_RETURN(inspection->refusals, SealedRefusals(header));
  if (inspection->refusals.empty()) {
    inspection->header_profile = kSealedProfile;
    return {};
  }
  auto checked = CheckHeaderProfile(metadata, kImportedProfile, header.size());
  if (checked.has_value()) {
    checked = CheckImportedHeader(header);
  }
  if (checked.has_value()) {
    inspection->header_profile = kImportedProfile;
    inspection->refusals.clear();
  } else {
    inspection->refusal = checked.error().ToString();
  }
  return {};
}

KeySlotInfo Describe(const KeySlotMetadata& slot) {
  return {.number = slot.number,
          .key_size = static_cast<std::uint32_t>(slot.key_size),
          .cipher = slot.area_cipher,
          .kdf = slot.kdf.type,
          .kdf_iterations = slot.kdf.iterations,
          .kdf_memory = slot.kdf.memory,
          .kdf_threads = static_cast<std::uint32_t>(slot.kdf.threads)};
}

}  // namespace

Result<Inspection> InspectImage(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path));
  ASSIGN_OR_RETURN(const Header header, ReadWholeHeader(image));
  ASSIGN_OR_RETURN(const CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  Inspection inspection;
  inspection.luks_version = 2;
  inspection.uuid = device.uuid();
  inspection.header_size = header.size();
  inspection.header_sha256 = header.digest();
  inspection.image_size = image.size();
  inspection.data_size = image.size() - header.size();
  inspection.tokens = static_cast<std::uint32_t>(metadata.tokens);
  if (!metadata.segments.empty()) {
    const SegmentMetadata& segment = metadata.segments.front();
    inspection.cipher = segment.cipher;
    inspection.sector_size = static_cast<std::uint32_t>(segment.sector_size);
    inspection.integrity = segment.integrity;
  }
  for (const KeySlotMetadata& slot : metadata.key_slots) {
    inspection.key_slots.push_back(Describe(slot));
  }
  RETURN_IF_ERROR(DescribeProfile(header, metadata, &inspection));
  return inspection;
}

}  // namespace tdxvfs::luks

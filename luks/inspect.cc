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
#include "luks/profile_check.h"
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

Inspection Begin(const ImageFile& image, const Header& header) {
  Inspection inspection;
  inspection.luks_version = 2;
  inspection.header_size = header.size();
  inspection.header_sha256 = header.digest();
  inspection.image_size = image.size();
  inspection.data_size = image.size() - header.size();
  return inspection;
}

Result<Inspection> Understand(const ImageFile& image) {
  ASSIGN_OR_RETURN(const Header header, ReadWholeHeader(image));
  ASSIGN_OR_RETURN(const CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  Inspection inspection = Begin(image, header);
  inspection.uuid = device.uuid();
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

// What can be said of a header that libcryptsetup does not take: which members
// "sealed-1" refuses, were it one of ours.
Result<Inspection> Examine(const ImageFile& image, const Error& problem) {
  if (image.size() < kDefaultHeaderSize) {
    return problem;
  }
  ASSIGN_OR_RETURN(const Header header,
                   Header::Read(image, kDefaultHeaderSize));
  Inspection inspection = Begin(image, header);
  ASSIGN_OR_RETURN(inspection.refusals, SealedRefusals(header));
  if (inspection.refusals.empty()) {
    return problem;
  }
  inspection.refusal = ResultOf(inspection.refusals).error().ToString();
  return inspection;
}

}  // namespace

Result<Inspection> InspectImage(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path));
  auto understood = Understand(image);
  if (!understood.has_value() &&
      understood.error().reason() == Reason::kHeaderRefused) {
    return Examine(image, understood.error());
  }
  return understood;
}

}  // namespace tdxvfs::luks

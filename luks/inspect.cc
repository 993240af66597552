// SPDX-License-Identifier: Apache-2.0
#include "luks/inspect.h"

#include <string>
#include <utility>
#include <vector>

#include "luks/binary_header.h"
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
    return {};
  }
  inspection->refusal = checked.error().ToString();
  // The nearest profile is the one that refuses less.
  ASSIGN_OR_RETURN(HeaderRefusals imported, ImportedRefusals(header));
  if (!imported.empty() && imported.size() < inspection->refusals.size()) {
    inspection->refusals = std::move(imported);
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

HeaderDescription Describe(const ImageFile& image, const Header& header,
                           const CryptDevice& device,
                           const HeaderMetadata& metadata) {
  HeaderDescription description;
  description.uuid = device.uuid();
  description.size = header.size();
  description.sha256 = header.digest();
  description.data_size = image.size() - header.size();
  description.tokens = static_cast<std::uint32_t>(metadata.tokens);
  if (!metadata.segments.empty()) {
    const SegmentMetadata& segment = metadata.segments.front();
    description.cipher = segment.cipher;
    description.sector_size = static_cast<std::uint32_t>(segment.sector_size);
    description.integrity = segment.integrity;
  }
  for (const KeySlotMetadata& slot : metadata.key_slots) {
    description.key_slots.push_back(Describe(slot));
  }
  return description;
}

Result<void> Understand(const ImageFile& image, Inspection* inspection) {
  ASSIGN_OR_RETURN(const Header header, ReadWholeHeader(image));
  ASSIGN_OR_RETURN(const CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  inspection->header = Describe(image, header, device, metadata);
  return DescribeProfile(header, metadata, inspection);
}

// Of a header that could not be read: which members "sealed-1" refuses, were
// it one of ours. Of areas of another size that would be nothing but noise.
Result<HeaderRefusals> Examine(const ImageFile& image) {
  if (image.size() < kDefaultHeaderSize) {
    return HeaderRefusals();
  }
  ASSIGN_OR_RETURN(const Header header,
                   Header::Read(image, kDefaultHeaderSize));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, BytesOf(header));
  if (DeclaredMetadataSize(bytes) != kMetadataSize) {
    return HeaderRefusals();
  }
  return SealedRefusals(header);
}

}  // namespace

Result<Inspection> InspectImage(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path));
  Inspection inspection;
  inspection.luks_version = 2;
  inspection.image_size = image.size();
  auto understood = Understand(image, &inspection);
  if (!understood.has_value() &&
      understood.error().reason() != Reason::kHeaderRefused) {
    return std::move(understood).error();
  }
  if (!understood.has_value()) {
    inspection.refusal = understood.error().ToString();
    ASSIGN_OR_RETURN(inspection.refusals, Examine(image));
  }
  return inspection;
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/inspect.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/hex.h"
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

// The nearest profile is the one that refuses less.
HeaderRefusals Nearest(HeaderRefusals sealed, HeaderRefusals imported) {
  return !imported.empty() && imported.size() < sealed.size()
             ? std::move(imported)
             : std::move(sealed);
}

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
  ASSIGN_OR_RETURN(HeaderRefusals imported, ImportedRefusals(header));
  inspection->refusals =
      Nearest(std::move(inspection->refusals), std::move(imported));
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

// Where the metadata say that the data begin, if that is a place at all: of
// metadata that libcryptsetup does not take, so nothing of it was checked.
std::uint64_t ClaimedHeaderSize(const std::vector<std::uint8_t>& bytes) {
  const std::uint64_t area = DeclaredMetadataSize(bytes);
  if (area <= kBinaryHeaderSize || area > bytes.size()) {
    return kDefaultHeaderSize;
  }
  const std::string_view json = AsText(
      std::span(bytes).subspan(kBinaryHeaderSize, area - kBinaryHeaderSize));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  std::uint64_t size = 0;
  if (parser.parse(json.data(), std::min(json.find('\0'), json.size()))
              .get(root) != simdjson::SUCCESS ||
      root["segments"]["0"]["offset"].get(text) != simdjson::SUCCESS ||
      std::from_chars(text.data(), text.data() + text.size(), size).ec !=
          std::errc() ||
      size < 2 * area || size % kHeaderGranule != 0) {
    return kDefaultHeaderSize;
  }
  return size;
}

// Of a header that could not be read: which members the nearest profile
// refuses. That it is one of ours is only thought of when its areas have the
// size of ours; else that would be nothing but noise.
Result<HeaderRefusals> Examine(const ImageFile& image) {
  if (image.size() < kDefaultHeaderSize) {
    return HeaderRefusals();
  }
  ASSIGN_OR_RETURN(const Header most,
                   Header::Read(image, std::min(kMaxHeaderSize,
                                                image.size() / kHeaderGranule *
                                                    kHeaderGranule)));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, BytesOf(most));
  const std::uint64_t claimed = ClaimedHeaderSize(bytes);
  ASSIGN_OR_RETURN(const Header foreign,
                   Header::Read(image, std::min(claimed, most.size())));
  ASSIGN_OR_RETURN(HeaderRefusals imported, ImportedRefusals(foreign));
  if (imported.empty()) {
    // It was refused, by somebody who knows more.
    imported.push_back({"/", "is nothing that libcryptsetup takes"});
  }
  for (HeaderRefusal& refusal : imported) {
    if (claimed > most.size() && refusal.path == "/segments/0/offset") {
      refusal.reason = "is " + std::to_string(claimed) +
                       ", where no header of at most 16 MiB ends";
    }
  }
  if (DeclaredMetadataSize(bytes) != kMetadataSize) {
    return imported;
  }
  ASSIGN_OR_RETURN(const Header ours, Header::Read(image, kDefaultHeaderSize));
  ASSIGN_OR_RETURN(HeaderRefusals sealed, SealedRefusals(ours));
  return Nearest(std::move(sealed), std::move(imported));
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

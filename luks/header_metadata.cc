// SPDX-License-Identifier: Apache-2.0
#include "luks/header_metadata.h"

#include <simdjson.h>

#include <charconv>
#include <utility>

namespace tdxvfs::luks {
namespace {

using simdjson::dom::object;

// No LUKS2 JSON area is larger (4 MiB metadata less the binary header).
constexpr std::size_t kMaxJson = 4194304;  // bytes

Error MetadataError(std::string_view member, std::string_view what) {
  return {Reason::kHeaderRefused,
          "LUKS2 metadata: '" + std::string(member) + "' " + std::string(what)};
}

Result<object> Object(const object& parent, std::string_view name) {
  object value;
  if (parent[name].get(value) != simdjson::SUCCESS) {
    return MetadataError(name, "is missing or no object");
  }
  return value;
}

Result<std::string> TextMember(const object& parent, std::string_view name) {
  std::string_view value;
  if (parent[name].get(value) != simdjson::SUCCESS) {
    return MetadataError(name, "is missing or no string");
  }
  return std::string(value);
}

Result<std::uint64_t> NumberMember(const object& parent,
                                   std::string_view name) {
  std::uint64_t value = 0;
  if (parent[name].get(value) != simdjson::SUCCESS) {
    return MetadataError(name, "is missing or no whole number");
  }
  return value;
}

// Sizes and offsets are decimal text, since JSON numbers end at 53 bits
// (section 3.1).
Result<std::uint64_t> Decimal(const object& parent, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string text, TextMember(parent, name));
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || rest != end) {
    return MetadataError(name, "is no decimal number");
  }
  return value;
}

bool Has(const object& parent, std::string_view name) {
  return parent[name].error() == simdjson::SUCCESS;
}

Result<KdfCost> ReadKdf(const object& json) {
  KdfCost kdf;
  ASSIGN_OR_RETURN(kdf.type, TextMember(json, "type"));
  if (kdf.type == "pbkdf2") {
    ASSIGN_OR_RETURN(kdf.hash, TextMember(json, "hash"));
    ASSIGN_OR_RETURN(kdf.iterations, NumberMember(json, "iterations"));
  } else {
    ASSIGN_OR_RETURN(kdf.iterations, NumberMember(json, "time"));
    ASSIGN_OR_RETURN(kdf.memory, NumberMember(json, "memory"));
    ASSIGN_OR_RETURN(kdf.threads, NumberMember(json, "cpus"));
  }
  return kdf;
}

Result<KeySlotMetadata> ReadKeySlot(std::string_view name, const object& json) {
  KeySlotMetadata slot;
  const char* const end = name.data() + name.size();
  const auto [rest, problem] = std::from_chars(name.data(), end, slot.number);
  if (problem != std::errc() || rest != end) {
    return MetadataError("keyslots", "has a name that is no number");
  }
  ASSIGN_OR_RETURN(slot.type, TextMember(json, "type"));
  if (slot.type != "luks2") {
    return slot;  // a re-encryption slot has neither KDF nor key
  }
  ASSIGN_OR_RETURN(slot.key_size, NumberMember(json, "key_size"));
  ASSIGN_OR_RETURN(const object area, Object(json, "area"));
  ASSIGN_OR_RETURN(slot.area_type, TextMember(area, "type"));
  ASSIGN_OR_RETURN(slot.area_cipher, TextMember(area, "encryption"));
  ASSIGN_OR_RETURN(const object kdf, Object(json, "kdf"));
  ASSIGN_OR_RETURN(slot.kdf, ReadKdf(kdf));
  return slot;
}

Result<SegmentMetadata> ReadSegment(const object& json) {
  SegmentMetadata segment;
  ASSIGN_OR_RETURN(segment.type, TextMember(json, "type"));
  ASSIGN_OR_RETURN(segment.offset, Decimal(json, "offset"));
  ASSIGN_OR_RETURN(segment.size, TextMember(json, "size"));
  segment.has_flags = Has(json, "flags");
  if (Has(json, "integrity")) {
    ASSIGN_OR_RETURN(const object integrity, Object(json, "integrity"));
    ASSIGN_OR_RETURN(segment.integrity, TextMember(integrity, "type"));
  }
  if (segment.type != "crypt") {
    return segment;
  }
  ASSIGN_OR_RETURN(segment.iv_tweak, TextMember(json, "iv_tweak"));
  ASSIGN_OR_RETURN(segment.cipher, TextMember(json, "encryption"));
  ASSIGN_OR_RETURN(segment.sector_size, NumberMember(json, "sector_size"));
  return segment;
}

Result<void> ReadLists(const object& root, HeaderMetadata* metadata) {
  ASSIGN_OR_RETURN(const object slots, Object(root, "keyslots"));
  for (const auto& [name, value] : slots) {
    ASSIGN_OR_RETURN(const object slot, Object(slots, name));
    ASSIGN_OR_RETURN(KeySlotMetadata read, ReadKeySlot(name, slot));
    metadata->key_slots.push_back(std::move(read));
  }
  ASSIGN_OR_RETURN(const object segments, Object(root, "segments"));
  for (const auto& [name, value] : segments) {
    ASSIGN_OR_RETURN(const object segment, Object(segments, name));
    ASSIGN_OR_RETURN(SegmentMetadata read, ReadSegment(segment));
    metadata->segments.push_back(std::move(read));
  }
  ASSIGN_OR_RETURN(const object digests, Object(root, "digests"));
  for (const auto& [name, value] : digests) {
    ASSIGN_OR_RETURN(const object digest, Object(digests, name));
    ASSIGN_OR_RETURN(KdfCost read, ReadKdf(digest));
    metadata->digests.push_back(std::move(read));
  }
  return {};
}

}  // namespace

Result<HeaderMetadata> ParseHeaderMetadata(std::string_view json) {
  if (json.size() > kMaxJson) {
    return MetadataError("header", "is larger than any LUKS2 metadata");
  }
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return MetadataError("header", "is no JSON object");
  }
  HeaderMetadata metadata;
  RETURN_IF_ERROR(ReadLists(root, &metadata));
  ASSIGN_OR_RETURN(const object tokens, Object(root, "tokens"));
  metadata.tokens = tokens.size();
  ASSIGN_OR_RETURN(const object config, Object(root, "config"));
  metadata.has_requirements = Has(config, "requirements");
  metadata.has_flags = Has(config, "flags");
  return metadata;
}

}  // namespace tdxvfs::luks

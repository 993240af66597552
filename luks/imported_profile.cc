// SPDX-License-Identifier: Apache-2.0
#include "luks/imported_profile.h"

#include <simdjson.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "luks/binary_header.h"
#include "luks/header_relations.h"
#include "luks/json_shape.h"
#include "luks/luks_format.h"
#include "luks/profile_check.h"

namespace tdxvfs::luks {
namespace {

using simdjson::dom::element;

constexpr std::size_t kMaxSlots = 32;
constexpr std::uint64_t kMinPbkdf2 = 1000;
constexpr std::uint64_t kMaxPbkdf2 = 10'000'000;
constexpr std::uint64_t kMaxPasses = 16;
constexpr std::uint64_t kMaxMemory = 1048576;  // KiB
constexpr std::uint64_t kMaxLanes = 4;
constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();

// Salts are as long as their program made them. So are digests, but one of a
// few bytes would let wrong passphrases through: LUKS1's, which conversion
// keeps, has 20.
ValueCheck Salt() { return Base64From(8, 64); }
ValueCheck DigestBytes() { return Base64From(20, 64); }
ValueCheck Hash() { return TextIsOneOf({"sha1", "sha256", "sha512"}); }
// Two XTS keys of 128 or 256 bits.
ValueCheck KeySize() {
  return [](const std::string& path, const element& value,
            HeaderRefusals* refusals) {
    std::uint64_t size = 0;
    if (value.get(size) != simdjson::SUCCESS || (size != 32 && size != 64)) {
      refusals->push_back({path, "is neither 32 nor 64"});
    }
  };
}

// Which members there are depends on the type: of an unknown one nothing else
// can be said.
ValueCheck OfType(const std::vector<std::string_view>& types,
                  const ValueCheck& check) {
  return [types, check](const std::string& path, const element& value,
                        HeaderRefusals* refusals) {
    element type;
    if (value["type"].get(type) == simdjson::SUCCESS) {
      HeaderRefusals of_type;
      TextIsOneOf(types)(path + "/type", type, &of_type);
      if (!of_type.empty()) {
        refusals->insert(refusals->end(), of_type.begin(), of_type.end());
        return;
      }
    }
    check(path, value, refusals);
  };
}

ValueCheck KeyDerivation() {
  const ValueCheck pbkdf2 =
      ObjectOf({{"type", TextIs("pbkdf2")},
                {"hash", Hash()},
                {"iterations", NumberFrom(kMinPbkdf2, kMaxPbkdf2)},
                {"salt", Salt()}});
  const ValueCheck argon2 =
      ObjectOf({{"type", TextIsOneOf({"argon2i", "argon2id"})},
                {"time", NumberFrom(1, kMaxPasses)},
                {"memory", NumberFrom(1, kMaxMemory)},
                {"cpus", NumberFrom(1, kMaxLanes)},
                {"salt", Salt()}});
  return OfType(
      {"pbkdf2", "argon2i", "argon2id"},
      [pbkdf2, argon2](const std::string& path, const element& value,
                       HeaderRefusals* refusals) {
        std::string_view type;
        const bool known = value["type"].get(type) == simdjson::SUCCESS;
        (known && type == "pbkdf2" ? pbkdf2 : argon2)(path, value, refusals);
      });
}

ValueCheck ImportedKeySlot(std::uint64_t header_size) {
  const ValueCheck slot = ObjectOf(
      {{"type", TextIs("luks2")},
       {"key_size", KeySize()},
       {"priority", NumberFrom(0, 2), true},
       {"af", ObjectOf({{"type", TextIs("luks1")},
                        {"stripes", NumberIs(kStripes)},
                        {"hash", Hash()}})},
       {"area", ObjectOf({{"type", TextIs("raw")},
                          {"offset", QuotedNumberFrom(0, header_size)},
                          {"size", QuotedNumberFrom(1, header_size)},
                          {"encryption", TextIs(std::string(kVolumeCipher))},
                          {"key_size", KeySize()}})},
       {"kdf", KeyDerivation()}});
  return OfType({"luks2"}, slot);  // a re-encryption slot (D7) has others
}

ValueCheck SectorSize() {
  return [](const std::string& path, const element& value,
            HeaderRefusals* refusals) {
    std::uint64_t size = 0;
    if (value.get(size) != simdjson::SUCCESS ||
        (size != 512 && size != 1024 && size != 2048 && size != 4096)) {
      refusals->push_back({path, "is not 512, 1024, 2048 or 4096"});
    }
  };
}

ValueCheck ImportedSegment(std::uint64_t header_size) {
  return ObjectOf({{"type", TextIs("crypt")},
                   {"offset", TextIs(std::to_string(header_size))},
                   {"size", TextIs("dynamic")},
                   {"iv_tweak", TextIs("0")},
                   {"encryption", TextIs(std::string(kVolumeCipher))},
                   {"sector_size", SectorSize()}});
}

// Which digest is that of the segment, libcryptsetup finds out; a host that
// writes another one there only makes the passphrase wrong.
ValueCheck ImportedDigest() {
  return ObjectOf({{"type", TextIs("pbkdf2")},
                   {"keyslots", ListOfNumbers(1, kMaxSlots)},
                   {"segments", ListOfNumbers(0, 1)},
                   {"hash", Hash()},
                   {"iterations", NumberFrom(kMinPbkdf2, kMaxPbkdf2)},
                   {"salt", Salt()},
                   {"digest", DigestBytes()}});
}

// Nothing here reads one, and what else stands in it is its maker's own. The
// form alone is that of the format, as libcryptsetup wants it.
ValueCheck Token() {
  return ObjectWith(
      {{"type", AnyText()}, {"keyslots", ListOfNumbers(0, kMaxSlots)}});
}

// LUKS2 On-Disk Format 1.1, section 3. Flags are ignored when it is opened;
// "requirements", which re-encryption sets, is not among the members (D7).
ValueCheck ImportedMetadata(std::uint64_t header_size) {
  return ObjectOf(
      {{"keyslots",
        NumberedObjectOf(1, kMaxSlots, ImportedKeySlot(header_size))},
       {"tokens", NumberedObjectOf(0, kMaxSlots, Token())},
       {"segments", ObjectOf({{"0", ImportedSegment(header_size)}})},
       {"digests", NumberedObjectOf(1, kMaxSlots, ImportedDigest())},
       {"config", ObjectOf({{"json_size", QuotedNumberFrom(1, kAnyNumber)},
                            {"keyslots_size", QuotedNumberFrom(1, kAnyNumber)},
                            {"flags", ListOfTexts(), true}})}});
}

}  // namespace

Result<HeaderRefusals> ImportedRefusals(const Header& header) {
  HeaderRefusals refusals;
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, BytesOf(header));
  std::size_t metadata_size = 0;
  ASSIGN_OR_RETURN(const std::string_view json,
                   CheckForeignBinaryHeaders(bytes, &metadata_size, &refusals));
  if (metadata_size == 0) {
    return refusals;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    refusals.push_back({"/", "is no JSON"});
  } else {
    ImportedMetadata(header.size())("", root, &refusals);
    // Of members of another shape the relations would be noise.
    if (refusals.empty()) {
      CheckRelations(root, metadata_size, header.size(), &refusals);
    }
  }
  return refusals;
}

Result<void> CheckImportedHeader(const Header& header) {
  ASSIGN_OR_RETURN(const HeaderRefusals refusals, ImportedRefusals(header));
  return ResultOf(refusals);
}

}  // namespace tdxvfs::luks

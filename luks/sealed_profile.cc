// SPDX-License-Identifier: Apache-2.0
#include "luks/sealed_profile.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "luks/binary_header.h"
#include "luks/json_shape.h"
#include "luks/luks_format.h"
#include "luks/profile_check.h"

namespace tdxvfs::luks {
namespace {

constexpr std::uint64_t kAreaStart = 2 * kMetadataSize;  // bytes, of the slot
constexpr std::uint64_t kAreaSize = 258048;              // bytes
constexpr std::size_t kSaltSize = 32;                    // bytes
constexpr std::size_t kDigestSize = 32;                  // bytes
constexpr std::uint64_t kVolumeKeySize = 64;             // bytes, two XTS keys
constexpr std::uint64_t kMinIterations = 1000;
constexpr std::uint64_t kMaxIterations = 100'000;  // threat D8

ValueCheck SealedKeySlot() {
  return ObjectOf(
      {{"type", TextIs("luks2")},
       {"key_size", NumberIs(kVolumeKeySize)},
       {"af", ObjectOf({{"type", TextIs("luks1")},
                        {"stripes", NumberIs(kStripes)},
                        {"hash", TextIs("sha256")}})},
       {"area", ObjectOf({{"type", TextIs("raw")},
                          {"offset", TextIs(std::to_string(kAreaStart))},
                          {"size", TextIs(std::to_string(kAreaSize))},
                          {"encryption", TextIs(std::string(kVolumeCipher))},
                          {"key_size", NumberIs(kVolumeKeySize)}})},
       {"kdf",
        ObjectOf({{"type", TextIs("pbkdf2")},
                  {"hash", TextIs("sha256")},
                  {"iterations", NumberFrom(kMinIterations, kMaxIterations)},
                  {"salt", Base64Of(kSaltSize)}})}});
}

ValueCheck SealedSegment(std::uint64_t header_size) {
  return ObjectOf({{"type", TextIs("crypt")},
                   {"offset", TextIs(std::to_string(header_size))},
                   {"size", TextIs("dynamic")},
                   {"iv_tweak", TextIs("0")},
                   {"encryption", TextIs(std::string(kVolumeCipher))},
                   {"sector_size", NumberIs(4096)}});
}

ValueCheck SealedDigest() {
  return ObjectOf({{"type", TextIs("pbkdf2")},
                   {"keyslots", ListOf("0")},
                   {"segments", ListOf("0")},
                   {"hash", TextIs("sha256")},
                   {"iterations", NumberFrom(kMinIterations, kMaxIterations)},
                   {"salt", Base64Of(kSaltSize)},
                   {"digest", Base64Of(kDigestSize)}});
}

// LUKS2 On-Disk Format 1.1, section 3.
ValueCheck SealedMetadata(std::uint64_t header_size) {
  return ObjectOf(
      {{"keyslots", ObjectOf({{"0", SealedKeySlot()}})},
       {"tokens", ObjectOf({})},
       {"segments", ObjectOf({{"0", SealedSegment(header_size)}})},
       {"digests", ObjectOf({{"0", SealedDigest()}})},
       {"config",
        ObjectOf({{"json_size", TextIs(std::to_string(kMetadataSize - 4096))},
                  {"keyslots_size", TextIs(std::to_string(kAreaSize))}})}});
}

}  // namespace

Result<HeaderRefusals> SealedRefusals(const Header& header) {
  HeaderRefusals refusals;
  if (header.size() < kAreaStart + kAreaSize) {
    refusals.push_back({"/", "ends before the key slot's area does"});
    return refusals;
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, BytesOf(header));
  ASSIGN_OR_RETURN(const std::string_view json,
                   CheckBinaryHeaders(bytes, &refusals));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    refusals.push_back({"/", "is no JSON"});
  } else {
    SealedMetadata(header.size())("", root, &refusals);
    // Nothing of ours needs one, and no two programs have to agree on it.
    if (json.find('\\') != std::string_view::npos) {
      refusals.push_back({"/", "spells something with an escape"});
    }
  }
  if (std::any_of(bytes.begin() + kAreaStart + kAreaSize, bytes.end(),
                  [](std::uint8_t byte) { return byte != 0; })) {
    refusals.push_back({"/",
                        "is followed by bytes that are not zero behind "
                        "the key slot's area"});
  }
  return refusals;
}

Result<void> CheckSealedHeader(const Header& header) {
  ASSIGN_OR_RETURN(const HeaderRefusals refusals, SealedRefusals(header));
  return ResultOf(refusals);
}

}  // namespace tdxvfs::luks

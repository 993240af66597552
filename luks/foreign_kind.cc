// SPDX-License-Identifier: Apache-2.0
#include "luks/foreign_kind.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>

#include "common/hex.h"
#include "luks/binary_header.h"
#include "luks/luks_format.h"

namespace tdxvfs::luks {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxWord = 40;  // bytes of a header's own words

// What stands there, cut short: whoever shows an error escapes the rest.
template <typename Value>
std::string Word(const Value& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS
             ? std::string(text.substr(0, kMaxWord))
             : std::string();
}

// On-Disk Format 1.1, section 3.8: what a program must know to open it.
std::string OfRequirements(const element& root) {
  simdjson::dom::array needed;
  if (root["config"]["requirements"]["mandatory"].get(needed) !=
      simdjson::SUCCESS) {
    return {};
  }
  for (const auto& item : needed) {
    const std::string word = Word(item);
    if (word.find("reencrypt") != std::string::npos) {
      return "a volume whose re-encryption is not finished: finish it with "
             "'cryptsetup reencrypt --resume-only' and import it then";
    }
    if (word == "opal") {
      return OpenInstead("a volume that its disk encrypts (OPAL)");
    }
    if (!word.empty()) {
      return OpenInstead("a volume that needs '" + word + "'");
    }
  }
  return {};
}

std::string OfSegment(const element& segment) {
  const std::string type = Word(segment["type"]);
  if (type.starts_with("hw-opal")) {
    return OpenInstead("a volume that its disk encrypts (OPAL)");
  }
  if (!type.empty() && type != "crypt") {
    return OpenInstead("a volume with a segment of type '" + type + "'");
  }
  const std::string integrity = Word(segment["integrity"]["type"]);
  if (!integrity.empty()) {
    return OpenInstead("a volume with dm-integrity (" + integrity + ")");
  }
  const std::string cipher = Word(segment["encryption"]);
  if (!cipher.empty() && cipher != kVolumeCipher) {
    return OpenInstead("a volume with cipher '" + cipher + "'");
  }
  if (Word(segment["offset"]) == "0") {
    return OpenInstead("a header whose data are in another file",
                       "cryptsetup open --header FILE DATA");
  }
  const std::string size = Word(segment["size"]);
  if (!size.empty() && size != "dynamic") {
    return OpenInstead("a volume with a fixed size of " + size + " bytes");
  }
  return {};
}

}  // namespace

std::string OpenInstead(const std::string& what, const std::string& how) {
  return what + ": open it with '" + how + "', " + std::string(kMountAndPack);
}

std::string DescribeForeignKind(std::span<const std::uint8_t> header) {
  const std::uint64_t size =
      std::min<std::uint64_t>(DeclaredMetadataSize(header), header.size());
  if (size <= kBinaryHeaderSize) {
    return {};
  }
  const std::string_view area =
      AsText(header.first(size).subspan(kBinaryHeaderSize));
  const std::string_view json = area.substr(0, area.find('\0'));
  simdjson::dom::parser parser;
  element root;
  object segments;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return {};
  }
  std::string kind = OfRequirements(root);
  if (kind.empty() && root["segments"].get(segments) == simdjson::SUCCESS) {
    for (const auto& [number, segment] : segments) {
      if (kind = OfSegment(segment); !kind.empty()) {
        break;
      }
    }
  }
  return kind;
}

}  // namespace tdxvfs::luks

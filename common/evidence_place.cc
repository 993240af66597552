// SPDX-License-Identifier: Apache-2.0
#include "common/evidence_place.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace tdxvfs::audit {
namespace {

// More than any evidence with its event log.
constexpr std::uint64_t kMaxEvidence = std::uint64_t{1} << 20U;

bool ReadWhole(std::string_view text, std::uint64_t* number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, *number);
  return read.ec == std::errc() && read.ptr == end;
}

// Names of our own only: nothing that could lead out of the folder.
bool IsFileName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::optional<EvidencePlace> ParseEvidencePlace(std::string_view text) {
  const std::size_t last = text.rfind(':');
  const std::size_t first = last == std::string_view::npos || last == 0
                                ? last
                                : text.rfind(':', last - 1);
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  EvidencePlace place{std::string(text.substr(0, first))};
  if (!IsFileName(place.file) ||
      !ReadWhole(text.substr(last + 1), &place.size) ||
      !ReadWhole(text.substr(first + 1, last - first - 1), &place.offset) ||
      place.size > kMaxEvidence) {
    return std::nullopt;
  }
  return place;
}

}  // namespace tdxvfs::audit

// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/ccel_table.h"

#include <numeric>
#include <string>

#include "attest/event_log/record_reader.h"
#include "common/hex.h"

namespace tdxvfs::event_log {
namespace {

constexpr std::size_t kSize = 56;
constexpr std::uint8_t kTdx = 2;

Error Refused(const std::string& why) {
  return {Reason::kQuoteInvalid, "CCEL table: " + why};
}

}  // namespace

Result<CcelTable> ParseCcelTable(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != kSize) {
    return Refused(std::to_string(bytes.size()) + " bytes, not 56");
  }
  if (AsText(bytes.first(4)) != "CCEL") {
    return Refused("the signature is not CCEL");
  }
  if (bytes[4] != kSize || bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0) {
    return Refused("the declared length is not 56");
  }
  // All bytes of an ACPI table add up to 0.
  if ((std::accumulate(bytes.begin(), bytes.end(), 0U) & 0xffU) != 0) {
    return Refused("the checksum is wrong");
  }
  if (bytes[36] != kTdx) {
    return Refused("type " + std::to_string(bytes[36]) + " is not 2, TDX");
  }
  return CcelTable{U64At(bytes, 40), U64At(bytes, 48)};
}

}  // namespace tdxvfs::event_log

// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/record_reader.h"

#include <string>

namespace tdxvfs::event_log {

Error Malformed(std::string_view field, std::size_t offset,
                std::string_view why) {
  return {Reason::kQuoteInvalid, "event log: " + std::string(field) +
                                     " at offset " + std::to_string(offset) +
                                     ": " + std::string(why)};
}

std::uint64_t U64At(std::span<const std::uint8_t> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) {
    value = value << 8U | bytes[offset + i];
  }
  return value;
}

Result<std::span<const std::uint8_t>> RecordReader::Take(
    std::size_t size, std::string_view field) {
  if (size > rest_.size()) {
    return Malformed(field, offset_,
                     std::to_string(size) + " bytes declared, " +
                         std::to_string(rest_.size()) + " left");
  }
  const auto taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  offset_ += size;
  return taken;
}

Result<std::uint8_t> RecordReader::U8(std::string_view field) {
  ASSIGN_OR_RETURN(const auto taken, Take(1, field));
  return taken[0];
}

Result<std::uint16_t> RecordReader::U16(std::string_view field) {
  ASSIGN_OR_RETURN(const auto taken, Take(2, field));
  return static_cast<std::uint16_t>(taken[0] | taken[1] << 8U);
}

Result<std::uint32_t> RecordReader::U32(std::string_view field) {
  ASSIGN_OR_RETURN(const auto taken, Take(4, field));
  return static_cast<std::uint32_t>(taken[0]) |
         static_cast<std::uint32_t>(taken[1]) << 8U |
         static_cast<std::uint32_t>(taken[2]) << 16U |
         static_cast<std::uint32_t>(taken[3]) << 24U;
}

}  // namespace tdxvfs::event_log

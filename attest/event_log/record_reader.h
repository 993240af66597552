// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_RECORD_READER_H_
#define TDXVFS_ATTEST_EVENT_LOG_RECORD_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::event_log {

// kQuoteInvalid: "event log: FIELD at offset OFFSET: WHY". A log is evidence
// like the quote that it comes with.
Error Malformed(std::string_view field, std::size_t offset,
                std::string_view why);

// The eight bytes at `offset`, which the caller knows to be there,
// little-endian.
std::uint64_t U64At(std::span<const std::uint8_t> bytes, std::size_t offset);

// Hands out the bytes of a log in order. Every read is checked against what is
// left before anything is copied; integers are little-endian.
class RecordReader {
 public:
  explicit RecordReader(std::span<const std::uint8_t> bytes,
                        std::size_t offset = 0)
      : rest_(bytes), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  bool empty() const { return rest_.empty(); }

  Result<std::span<const std::uint8_t>> Take(std::size_t size,
                                             std::string_view field);
  Result<std::uint8_t> U8(std::string_view field);
  Result<std::uint16_t> U16(std::string_view field);
  Result<std::uint32_t> U32(std::string_view field);

 private:
  std::span<const std::uint8_t> rest_;
  std::size_t offset_;
};

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_RECORD_READER_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_EVENT_LOG_BUILDER_H_
#define TDXVFS_TESTS_SUPPORT_EVENT_LOG_BUILDER_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "attest/event_log/sha384.h"
#include "common/hex.h"

namespace tdxvfs::testing {

// Writes a crypto-agile event log record by record, good or not.
class EventLogBuilder {
 public:
  using Bytes = std::vector<std::uint8_t>;

  EventLogBuilder& U8(std::uint8_t value) {
    bytes_.push_back(value);
    return *this;
  }
  EventLogBuilder& U16(std::uint32_t value) {
    return U8(static_cast<std::uint8_t>(value))
        .U8(static_cast<std::uint8_t>(value >> 8U));
  }
  EventLogBuilder& U32(std::uint32_t value) {
    return U16(value & 0xffffU).U16(value >> 16U);
  }
  EventLogBuilder& Raw(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  // The first record; `algorithms` are pairs of id and digest size.
  EventLogBuilder& SpecId(
      const std::vector<std::pair<std::uint32_t, std::uint32_t>>& algorithms = {
          {0x0c, 48}}) {
    U32(1).U32(3).Raw(Bytes(20, 0));
    U32(static_cast<std::uint32_t>(29 + 4 * algorithms.size()));
    Raw(AsBytes(std::string_view("Spec ID Event03\0", 16)));
    Raw(Bytes{0, 0, 0, 0, 0, 2, 0, 2});
    U32(static_cast<std::uint32_t>(algorithms.size()));
    for (const auto& [id, size] : algorithms) {
      U16(id).U16(size);
    }
    return U8(0);
  }

  // A record with one SHA-384 digest.
  EventLogBuilder& Event(std::uint32_t index, std::uint32_t type,
                         const event_log::Sha384Digest& digest,
                         std::span<const std::uint8_t> data) {
    U32(index).U32(type).U32(1).U16(0x0c).Raw(digest);
    return U32(static_cast<std::uint32_t>(data.size())).Raw(data);
  }
  // The digest is a byte repeated.
  EventLogBuilder& Event(std::uint32_t index, std::uint32_t type,
                         std::uint8_t digest, std::string_view data) {
    event_log::Sha384Digest filled;
    filled.fill(digest);
    return Event(index, type, filled, AsBytes(data));
  }

  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_EVENT_LOG_BUILDER_H_

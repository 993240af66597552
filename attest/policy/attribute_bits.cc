// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/attribute_bits.h"

#include <cstdint>

namespace tdxvfs::policy {
namespace {

constexpr std::uint8_t kMigratableInByte3 = 0x20;

}  // namespace

bool AllowsMigration(const BitRule& td_attributes) {
  return (td_attributes.allowed[3] & kMigratableInByte3) != 0;
}

bool Within(const Bits& bits, const Bits& mask) {
  return Common(bits, mask) == bits;
}

Bits Union(const Bits& left, const Bits& right) {
  Bits both{};
  for (std::size_t i = 0; i < both.size(); ++i) {
    both.at(i) = static_cast<std::uint8_t>(left.at(i) | right.at(i));
  }
  return both;
}

Bits Common(const Bits& left, const Bits& right) {
  Bits common{};
  for (std::size_t i = 0; i < common.size(); ++i) {
    common.at(i) = static_cast<std::uint8_t>(left.at(i) & right.at(i));
  }
  return common;
}

}  // namespace tdxvfs::policy

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/crc32c.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // bits reversed

}  // namespace

std::uint32_t Crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t rest = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    rest ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      rest = rest >> 1U ^ ((rest & 1U) != 0 ? kPolynomial : 0);
    }
  }
  return rest;
}

}  // namespace tdxvfs::image

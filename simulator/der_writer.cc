// SPDX-License-Identifier: Apache-2.0
#include "simulator/der_writer.h"

#include <algorithm>
#include <array>

namespace tdxvfs::simulator {

Bytes DerValue(std::uint8_t tag, std::span<const std::uint8_t> contents) {
  Bytes value{tag};
  const std::size_t size = contents.size();
  if (size >= 0x100) {
    value.push_back(0x82);
    value.push_back(static_cast<std::uint8_t>(size >> 8U));
  } else if (size >= 0x80) {
    value.push_back(0x81);
  }
  value.push_back(static_cast<std::uint8_t>(size));
  value.insert(value.end(), contents.begin(), contents.end());
  return value;
}

Bytes DerOctets(std::span<const std::uint8_t> contents) {
  return DerValue(0x04, contents);
}

Bytes DerSequence(const std::vector<Bytes>& parts) {
  Bytes contents;
  for (const Bytes& part : parts) {
    contents.insert(contents.end(), part.begin(), part.end());
  }
  return DerValue(0x30, contents);
}

Bytes DerBoolean(bool value) {
  const std::array<std::uint8_t, 1> contents{
      static_cast<std::uint8_t>(value ? 0xff : 0x00)};
  return DerValue(0x01, contents);
}

Bytes DerNumber(std::uint32_t value, std::uint8_t tag) {
  Bytes contents;
  do {
    contents.insert(contents.begin(), static_cast<std::uint8_t>(value));
    value >>= 8U;
  } while (value != 0);
  // A leading one bit would make the number negative.
  if ((contents.front() & 0x80U) != 0) {
    contents.insert(contents.begin(), 0);
  }
  return DerValue(tag, contents);
}

}  // namespace tdxvfs::simulator

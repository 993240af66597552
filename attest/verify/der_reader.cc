// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/der_reader.h"

#include <string>

namespace tdxvfs::verify {
namespace {

Error DerError(std::string why) {
  return {Reason::kQuoteInvalid, "DER: " + std::move(why)};
}

}  // namespace

Result<std::span<const std::uint8_t>> DerReader::Next(DerTag tag) {
  if (rest_.size() < 2) {
    return DerError("value cut short");
  }
  if (rest_[0] != static_cast<std::uint8_t>(tag)) {
    return DerError("tag " + std::to_string(rest_[0]) + " instead of " +
                    std::to_string(static_cast<unsigned>(tag)));
  }
  std::size_t length = rest_[1];
  std::size_t header = 2;
  if (length >= 0x80) {
    // Nothing of ours comes near 16 MiB.
    const std::size_t octets = length - 0x80;
    if (octets < 1 || octets > 3 || rest_.size() < 2 + octets) {
      return DerError("length not supported");
    }
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) {
      length = length << 8U | rest_[2 + i];
    }
    if (length < 0x80 || length >> (8 * (octets - 1)) == 0) {
      return DerError("length not in its shortest form");
    }
    header += octets;
  }
  if (length > rest_.size() - header) {
    return DerError("value longer than what holds it");
  }
  const auto contents = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  return contents;
}

Result<std::span<const std::uint8_t>> DerReader::NextWhole(DerTag tag) {
  const auto before = rest_;
  RETURN_IF_ERROR(Next(tag));
  return before.first(before.size() - rest_.size());
}

Result<std::uint32_t> DerReader::NextNumber(DerTag tag, std::uint32_t maximum) {
  ASSIGN_OR_RETURN(const auto contents, Next(tag));
  if (contents.empty() || contents.size() > 4) {
    return DerError("number of " + std::to_string(contents.size()) + " bytes");
  }
  if ((contents[0] & 0x80U) != 0) {
    return DerError("negative number");
  }
  if (contents.size() > 1 && contents[0] == 0 && (contents[1] & 0x80U) == 0) {
    return DerError("number not in its shortest form");
  }
  std::uint32_t number = 0;
  for (const std::uint8_t byte : contents) {
    number = number << 8U | byte;
  }
  if (number > maximum) {
    return DerError("number " + std::to_string(number) + " above " +
                    std::to_string(maximum));
  }
  return number;
}

Result<bool> DerReader::NextBoolean() {
  ASSIGN_OR_RETURN(const auto contents, Next(DerTag::kBoolean));
  if (contents.size() != 1 || (contents[0] != 0 && contents[0] != 0xff)) {
    return DerError("malformed boolean");
  }
  return contents[0] != 0;
}

Result<std::span<const std::uint8_t>> DerReader::NextOctets(std::size_t size) {
  ASSIGN_OR_RETURN(const auto contents, Next(DerTag::kOctetString));
  if (contents.size() != size) {
    return DerError("octet string of " + std::to_string(contents.size()) +
                    " bytes instead of " + std::to_string(size));
  }
  return contents;
}

Result<void> DerReader::ExpectEnd() const {
  if (!rest_.empty()) {
    return DerError("bytes after the last value");
  }
  return {};
}

}  // namespace tdxvfs::verify

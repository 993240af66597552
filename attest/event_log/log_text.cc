// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/log_text.h"

#include <algorithm>

#include "attest/event_log/record_reader.h"

namespace tdxvfs::event_log {
namespace {

using Bytes = std::span<const std::uint8_t>;

// UEFI_IMAGE_LOAD_EVENT: address, length and link-time address of the image,
// length of the device path (u64 each), device path.
constexpr std::size_t kImagePathSize = 24;
constexpr std::size_t kImagePath = 32;

char Printable(unsigned character) {
  return character >= 0x20 && character <= 0x7e ? static_cast<char>(character)
                                                : '?';
}

// The first `size` bytes, or all there are.
Bytes AtMost(Bytes data, std::uint64_t size) {
  return data.first(std::min<std::uint64_t>(size, data.size()));
}

}  // namespace

std::string AsciiText(Bytes data) {
  std::string text;
  for (const std::uint8_t byte : AtMost(data, kLongestText)) {
    if (byte == 0) {
      break;
    }
    text += Printable(byte);
  }
  return text;
}

std::string Utf16Text(Bytes data) {
  std::string text;
  for (std::size_t i = 0; i + 1 < data.size() && text.size() < kLongestText;
       i += 2) {
    const auto unit = static_cast<unsigned>(data[i] | data[i + 1] << 8U);
    if (unit == 0) {
      break;
    }
    text += Printable(unit);
  }
  return text;
}

bool LooksLikeUtf16(Bytes data) {
  if (data.size() < 2 || data.size() % 2 != 0 || data[0] == 0) {
    return false;
  }
  for (std::size_t i = 1; i < data.size(); i += 2) {
    if (data[i] != 0) {
      return false;
    }
  }
  return true;
}

std::string PascalText(Bytes data) {
  return data.empty() ? "" : AsciiText(AtMost(data.subspan(1), data[0]));
}

std::string VariableName(Bytes data) {
  constexpr std::size_t name_offset = 32;
  if (data.size() < name_offset) {
    return "";
  }
  const std::uint64_t characters =
      std::min(U64At(data, 16), kLongestText + 0UL);
  return Utf16Text(AtMost(data.subspan(name_offset), 2 * characters));
}

bool IsImageFromMemory(Bytes data) {
  return data.size() >= kImagePath && U64At(data, kImagePathSize) == 0;
}

std::string BootImagePath(Bytes data) {
  // UEFI 2.10, 10.3: media device path, file path.
  constexpr std::uint8_t media = 4;
  constexpr std::uint8_t file = 4;
  if (data.size() < kImagePath) {
    return "";
  }
  std::string path;
  for (Bytes rest =
           AtMost(data.subspan(kImagePath), U64At(data, kImagePathSize));
       rest.size() >= 4;) {
    const auto size = static_cast<std::size_t>(rest[2] | rest[3] << 8U);
    if (size < 4 || size > rest.size()) {
      break;
    }
    if (rest[0] == media && rest[1] == file) {
      path = Utf16Text(rest.subspan(4, size - 4));
    }
    rest = rest.subspan(size);
  }
  return path;
}

}  // namespace tdxvfs::event_log

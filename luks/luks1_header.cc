// SPDX-License-Identifier: Apache-2.0
#include "luks/luks1_header.h"

#include <algorithm>
#include <string_view>

#include "common/hex.h"
#include "luks/foreign_kind.h"
#include "luks/header.h"
#include "luks/luks_format.h"

namespace tdxvfs::luks {
namespace {

// Places in the header, all numbers big-endian.
constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kCipherAt = 8;
constexpr std::size_t kModeAt = 40;
constexpr std::size_t kHashAt = 72;
constexpr std::size_t kNameSize = 32;
constexpr std::size_t kDataAt = 104;
constexpr std::size_t kKeySizeAt = 108;
constexpr std::size_t kDigestIterationsAt = 164;
constexpr std::size_t kUuidSize = 40;
constexpr std::size_t kSlotsAt = 208;
constexpr std::size_t kSlotSize = 48;
constexpr std::size_t kSlots = 8;
constexpr std::size_t kSlotIterationsAt = 4;
constexpr std::size_t kSlotMaterialAt = 40;
constexpr std::size_t kSlotStripesAt = 44;

constexpr std::uint32_t kSlotActive = 0x00ac71f3;
constexpr std::uint32_t kSlotDead = 0x0000dead;
constexpr std::uint32_t kMaxLuks1Iterations = 10'000'000;

Error Luks1Error(const std::string& what) {
  return {Reason::kHeaderRefused, "LUKS1 header: " + what};
}

std::uint32_t BigEndianAt(std::span<const std::uint8_t> bytes, std::size_t at,
                          std::size_t size = 4) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number = number << 8U | bytes[at + i];
  }
  return number;
}

std::string_view TextAt(std::span<const std::uint8_t> bytes, std::size_t at,
                        std::size_t size) {
  const std::string_view text = AsText(bytes.subspan(at, size));
  return text.substr(0, text.find('\0'));
}

Result<void> CheckIterations(std::uint32_t iterations,
                             const std::string& where) {
  if (iterations == 0 || iterations > kMaxLuks1Iterations) {
    return Luks1Error(where + " wants " + std::to_string(iterations) +
                      " pbkdf2 iterations, allowed are 1 to 10000000");
  }
  return {};
}

Result<void> CheckCipher(std::span<const std::uint8_t> bytes) {
  const std::string_view cipher = TextAt(bytes, kCipherAt, kNameSize);
  const std::string_view mode = TextAt(bytes, kModeAt, kNameSize);
  const std::string_view hash = TextAt(bytes, kHashAt, kNameSize);
  const std::uint32_t key_size = BigEndianAt(bytes, kKeySizeAt);
  if (cipher != "aes" || mode != "xts-plain64" ||
      (key_size != 32 && key_size != 64)) {
    return Luks1Error(
        OpenInstead("cipher '" + std::string(cipher) + "-" + std::string(mode) +
                    "' with a key of " + std::to_string(key_size) +
                    " bytes instead of aes-xts-plain64 with 32 or 64"));
  }
  if (hash != "sha1" && hash != "sha256" && hash != "sha512") {
    return Luks1Error(OpenInstead("hash '" + std::string(hash) + "'"));
  }
  return {};
}

Result<void> CheckSlot(std::span<const std::uint8_t> bytes, std::size_t number,
                       const Luks1Header& header) {
  const std::size_t at = kSlotsAt + number * kSlotSize;
  const std::string where = "key slot " + std::to_string(number);
  const std::uint32_t state = BigEndianAt(bytes, at);
  if (state == kSlotDead) {
    return {};
  }
  if (state != kSlotActive) {
    return Luks1Error(where + " is neither in use nor free");
  }
  RETURN_IF_ERROR(
      CheckIterations(BigEndianAt(bytes, at + kSlotIterationsAt), where));
  if (BigEndianAt(bytes, at + kSlotStripesAt) != kStripes) {
    return Luks1Error(where + " has not 4000 stripes");
  }
  const std::uint64_t begin =
      BigEndianAt(bytes, at + kSlotMaterialAt) * kSectorSize;
  if (begin < kLuks1HeaderSize ||
      begin + header.key_size * kStripes > header.data_offset) {
    return Luks1Error(where + " has its key outside the header");
  }
  return {};
}

}  // namespace

bool IsLuks1(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kLuks1HeaderSize &&
         AsText(bytes.first(kLuksMagic.size())) == kLuksMagic &&
         BigEndianAt(bytes, kVersionAt, 2) == 1;
}

Result<Luks1Header> ParseLuks1Header(std::span<const std::uint8_t> bytes) {
  if (!IsLuks1(bytes)) {
    return Luks1Error("no magic or another version");
  }
  RETURN_IF_ERROR(CheckCipher(bytes));
  RETURN_IF_ERROR(
      CheckIterations(BigEndianAt(bytes, kDigestIterationsAt), "digest"));
  Luks1Header header;
  header.uuid = TextAt(bytes, kUuidAt, kUuidSize);
  header.key_size = BigEndianAt(bytes, kKeySizeAt);
  header.data_offset = BigEndianAt(bytes, kDataAt) * kSectorSize;
  if (header.data_offset < kLuks1HeaderSize ||
      header.data_offset > kMaxHeaderSize) {
    return Luks1Error(OpenInstead("data at byte " +
                                  std::to_string(header.data_offset) +
                                  ", no header or one above 16 MiB"));
  }
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    RETURN_IF_ERROR(CheckSlot(bytes, slot, header));
  }
  return header;
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/crypt_table.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "luks/luks_format.h"
#include "luks/table_words.h"

namespace tdxvfs::luks {
namespace {

constexpr std::string_view kUuidStart = "CRYPT-LUKS2-";
constexpr std::size_t kUuidDigits = 32;
constexpr std::string_view kSectorSizeOption = "sector_size:";
constexpr std::uint64_t kDefaultSectorSize = 512;  // bytes

Error LiveTableError(std::string_view what, const std::string& found) {
  return {Reason::kMappingFailed,
          "live table: " + std::string(what) + " is '" + found + "'"};
}

// ":64:logon:cryptsetup:UUID-dN": the key lies in the kernel's keyring, named
// after UUID and digest; 32 bytes with AES-128 in imported volumes.
bool IsKeyringReference(std::string_view key, const std::string& uuid) {
  for (const std::string_view size : {":64:", ":32:"}) {
    const std::string start =
        std::string(size) + "logon:cryptsetup:" + uuid + "-d";
    std::uint64_t digest = 0;
    if (key.starts_with(start) &&
        ReadTableNumber(key.substr(start.size()), &digest)) {
      return true;
    }
  }
  return false;
}

// The size of sectors is the only option that we set (ADR 0034), and the kernel
// does not name the one that it has anyway.
Result<void> CheckOptions(const std::vector<std::string>& options,
                          const std::optional<std::uint64_t>& expected) {
  std::uint64_t sector_size = kDefaultSectorSize;
  for (const std::string& option : options) {
    if (!option.starts_with(kSectorSizeOption) ||
        !ReadTableNumber(
            std::string_view(option).substr(kSectorSizeOption.size()),
            &sector_size)) {
      return LiveTableError("an option", option);
    }
  }
  if (sector_size != expected.value_or(sector_size)) {
    return LiveTableError("sector size", std::to_string(sector_size));
  }
  return {};
}

}  // namespace

Result<CryptTable> ParseCryptTable(const std::vector<TableLine>& table) {
  if (table.size() != 1 || table.front().type != "crypt" ||
      table.front().start != 0) {
    return LiveTableError("its shape", table.empty() ? "empty" : table[0].type);
  }
  CryptTable crypt;
  crypt.length = table.front().length;
  std::istringstream words(table.front().parameters);
  std::string iv_offset;
  std::string device;
  std::string offset;
  words >> crypt.cipher >> crypt.key >> iv_offset >> device >> offset;
  if (!ReadTableNumber(iv_offset, &crypt.iv_offset) ||
      !ReadTableDevice(device, &crypt.device) ||
      !ReadTableNumber(offset, &crypt.offset)) {
    return LiveTableError("its shape", crypt.cipher);
  }
  std::string option;
  words >> option;  // their number
  while (words >> option) {
    crypt.options.push_back(option);
  }
  return crypt;
}

Result<void> CheckCryptTable(const CryptTable& table,
                             const ExpectedCryptTable& expected) {
  if (table.cipher != kVolumeCipher) {
    return LiveTableError("cipher", table.cipher);
  }
  if (!IsKeyringReference(table.key, expected.uuid)) {
    // Not shown: it might be a key.
    return LiveTableError("key", "no keyring reference of this volume");
  }
  if (table.iv_offset != 0) {
    return LiveTableError("IV offset", std::to_string(table.iv_offset));
  }
  if (table.offset != expected.offset) {
    return LiveTableError("offset", std::to_string(table.offset));
  }
  if (expected.device.has_value() && table.device != *expected.device) {
    return LiveTableError("device", std::to_string(major(table.device)) + ":" +
                                        std::to_string(minor(table.device)));
  }
  if (expected.length.has_value() && table.length != *expected.length) {
    return LiveTableError("length", std::to_string(table.length));
  }
  return CheckOptions(table.options, expected.sector_size);
}

std::optional<std::string> LuksUuidOf(std::string_view dm_uuid,
                                      std::string_view mapping) {
  const std::string end = "-" + std::string(mapping);
  if (dm_uuid.size() != kUuidStart.size() + kUuidDigits + end.size() ||
      !dm_uuid.starts_with(kUuidStart) || !dm_uuid.ends_with(end)) {
    return std::nullopt;
  }
  std::string uuid(dm_uuid.substr(kUuidStart.size(), kUuidDigits));
  if (uuid.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return std::nullopt;
  }
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) {  // RFC 4122, section 3
    uuid.insert(dash, 1, '-');
  }
  return uuid;
}

}  // namespace tdxvfs::luks

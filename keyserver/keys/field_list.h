// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_FIELD_LIST_H_
#define TDXVFS_KEYSERVER_KEYS_FIELD_LIST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::keyserver {

// How a record of the key store is written: fields with a name, in the order in
// which they were added. Each is the name's length (1 byte), the name, the
// value's length (4 bytes, big endian) and the value; numbers are decimal. The
// bytes are kept and authenticated as they are, so a later program can add
// fields without making earlier records worth less.
class FieldWriter {
 public:
  FieldWriter& Text(std::string_view name, std::string_view value);
  FieldWriter& Bytes(std::string_view name,
                     std::span<const std::uint8_t> value);
  FieldWriter& Number(std::string_view name, std::int64_t value);
  FieldWriter& Flag(std::string_view name, bool value);

  std::vector<std::uint8_t> Close() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

// Reads such a list field by field. The first thing that is wrong (a missing
// field, another type, a field that nobody asked for) is what Finish returns;
// values read until then are not to be used. Not thread-safe.
class FieldReader {
 public:
  // Fails with kStoreInvalid on cut-off bytes and doubled names. `bytes` must
  // outlive the reader.
  static Result<FieldReader> Parse(std::span<const std::uint8_t> bytes);

  std::string Text(std::string_view name);
  std::span<const std::uint8_t> Bytes(std::string_view name);
  std::int64_t Number(std::string_view name);
  bool Flag(std::string_view name);
  // Nothing when there is no such field.
  std::optional<std::int64_t> OptionalNumber(std::string_view name);
  std::optional<std::string> OptionalText(std::string_view name);

  // kStoreInvalid when anything was wrong, naming the field.
  Result<void> Finish() const;

 private:
  void Refuse(std::string_view name, std::string_view what);

  std::map<std::string, std::span<const std::uint8_t>, std::less<>> fields_;
  std::optional<Error> error_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_FIELD_LIST_H_

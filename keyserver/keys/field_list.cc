// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/field_list.h"

#include <charconv>
#include <utility>

#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

constexpr std::size_t kValueLengthSize = 4;
constexpr unsigned int kBitsPerByte = 8;

std::size_t ReadLength(ByteSpan bytes) {
  std::size_t length = 0;
  for (const std::uint8_t byte : bytes.first(kValueLengthSize)) {
    length = (length << kBitsPerByte) | byte;
  }
  return length;
}

Error CutOff() { return {Reason::kStoreInvalid, "a record is cut off"}; }

}  // namespace

FieldWriter& FieldWriter::Bytes(std::string_view name, ByteSpan value) {
  bytes_.push_back(static_cast<std::uint8_t>(name.size()));
  bytes_.insert(bytes_.end(), name.begin(), name.end());
  for (unsigned int byte = kValueLengthSize; byte-- > 0;) {
    bytes_.push_back(
        static_cast<std::uint8_t>(value.size() >> (byte * kBitsPerByte)));
  }
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

FieldWriter& FieldWriter::Text(std::string_view name, std::string_view value) {
  return Bytes(name, AsBytes(value));
}

FieldWriter& FieldWriter::Number(std::string_view name, std::int64_t value) {
  return Text(name, std::to_string(value));
}

FieldWriter& FieldWriter::Flag(std::string_view name, bool value) {
  return Number(name, value ? 1 : 0);
}

Result<FieldReader> FieldReader::Parse(ByteSpan bytes) {
  FieldReader reader;
  while (!bytes.empty()) {
    const std::size_t name_size = bytes.front();
    if (bytes.size() < 1 + name_size + kValueLengthSize) {
      return CutOff();
    }
    std::string name(AsText(bytes.subspan(1, name_size)));
    const std::size_t size = ReadLength(bytes.subspan(1 + name_size));
    bytes = bytes.subspan(1 + name_size + kValueLengthSize);
    if (bytes.size() < size) {
      return CutOff();
    }
    if (!reader.fields_.emplace(name, bytes.first(size)).second) {
      return Error(Reason::kStoreInvalid,
                   "a record has the field '" + name + "' twice");
    }
    bytes = bytes.subspan(size);
  }
  return reader;
}

void FieldReader::Refuse(std::string_view name, std::string_view what) {
  if (!error_.has_value()) {
    error_.emplace(
        Reason::kStoreInvalid,
        "field '" + std::string(name) + "' of a record " + std::string(what));
  }
}

ByteSpan FieldReader::Bytes(std::string_view name) {
  const auto field = fields_.find(name);
  if (field == fields_.end()) {
    Refuse(name, "is missing");
    return {};
  }
  const ByteSpan value = field->second;
  fields_.erase(field);
  return value;
}

std::string FieldReader::Text(std::string_view name) {
  return std::string(AsText(Bytes(name)));
}

std::int64_t FieldReader::Number(std::string_view name) {
  const std::string text = Text(name);
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || rest != end) {
    Refuse(name, "is not a number");
  }
  return number;
}

bool FieldReader::Flag(std::string_view name) {
  const std::int64_t number = Number(name);
  if (number != 0 && number != 1) {
    Refuse(name, "is neither 0 nor 1");
  }
  return number == 1;
}

std::optional<std::int64_t> FieldReader::OptionalNumber(std::string_view name) {
  return fields_.contains(name) ? std::optional(Number(name)) : std::nullopt;
}

std::optional<std::string> FieldReader::OptionalText(std::string_view name) {
  return fields_.contains(name) ? std::optional(Text(name)) : std::nullopt;
}

Result<void> FieldReader::Finish() const {
  if (error_.has_value()) {
    return *error_;
  }
  if (!fields_.empty()) {
    return Error(Reason::kStoreInvalid, "field '" + fields_.begin()->first +
                                            "' of a record is not known here");
  }
  return {};
}

}  // namespace tdxvfs::keyserver

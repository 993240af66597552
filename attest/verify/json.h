// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_JSON_H_
#define TDXVFS_ATTEST_VERIFY_JSON_H_

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "common/hex.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Objects and arrays inside each other, not counting empty ones; Intel's
// documents have six.
inline constexpr std::size_t kMaxJsonDepth = 32;

// Parses one JSON value of at most kMaxSignedDocument bytes in UTF-8 with
// nothing but white space around it. The parser owns what comes back. Fails
// with kQuoteInvalid before any work that grows with the depth.
Result<simdjson::dom::element> ParseJson(simdjson::dom::parser& parser,
                                         std::string_view text);

// Refuses a member name that stands twice in one object, however deep: parsers
// differ in which of the two they take. Fails with kQuoteInvalid.
Result<void> RefuseDoubledNames(simdjson::dom::element root);

// One value of a document and where it stands, for messages such as
// "$.tcbLevels[3].tcb.pcesvn: missing". A value knows its parent by address, so
// the parent stays where it is as long as the value is used. Every reading
// function fails with kQuoteInvalid; `name` is a string literal.
class JsonValue {
 public:
  explicit JsonValue(simdjson::dom::element root) : element_(root) {}

  Error Refused(std::string_view why) const;

  // A member of this object: one that must be there, or one that may.
  Result<JsonValue> Member(std::string_view name) const;
  Result<std::optional<JsonValue>> OptionalMember(std::string_view name) const;
  // The elements of this array, possibly none.
  Result<std::vector<JsonValue>> Elements() const;

  Result<std::string_view> Text() const;
  // An integer written as one (not 1.0, 1e2 or "1") from 0 to `maximum`.
  Result<std::uint32_t> Integer(std::uint32_t maximum) const;
  Result<std::chrono::system_clock::time_point> Date() const;

  // The same of a member that must be there.
  Result<std::string_view> TextAt(std::string_view name) const;
  Result<std::chrono::system_clock::time_point> DateAt(
      std::string_view name) const;
  template <typename Number>
  Result<Number> IntegerAt(std::string_view name) const;
  // Exactly kSize bytes as hex digits of either case.
  template <std::size_t kSize>
  Result<attest::ByteArray<kSize>> HexAt(std::string_view name) const;

 private:
  JsonValue(simdjson::dom::element element, const JsonValue* parent,
            std::string_view name, std::size_t index)
      : element_(element), parent_(parent), name_(name), index_(index) {}
  std::string Path() const;

  simdjson::dom::element element_;
  const JsonValue* parent_ = nullptr;
  std::string_view name_;  // empty for an element of an array
  std::size_t index_ = 0;
};

template <typename Number>
Result<Number> JsonValue::IntegerAt(std::string_view name) const {
  ASSIGN_OR_RETURN(const JsonValue member, Member(name));
  ASSIGN_OR_RETURN(const std::uint32_t number,
                   member.Integer(std::numeric_limits<Number>::max()));
  return static_cast<Number>(number);
}

template <std::size_t kSize>
Result<attest::ByteArray<kSize>> JsonValue::HexAt(std::string_view name) const {
  ASSIGN_OR_RETURN(const JsonValue member, Member(name));
  ASSIGN_OR_RETURN(const std::string_view text, member.Text());
  const auto bytes = FromHex(text);
  if (!bytes.has_value() || bytes->size() != kSize) {
    return member.Refused("not " + std::to_string(2 * kSize) + " hex digits");
  }
  attest::ByteArray<kSize> array{};
  std::copy(bytes->begin(), bytes->end(), array.begin());
  return array;
}

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_JSON_H_

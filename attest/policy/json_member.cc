// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/json_member.h"

#include <algorithm>
#include <set>

#include "common/hex.h"

namespace tdxvfs::policy {
namespace {

constexpr std::size_t kLongestShown = 40;

// A member name as it may stand in a message: hostile names stay short and
// plain.
std::string ShownName(std::string_view name) {
  std::string shown(name.substr(0, kLongestShown));
  std::replace_if(
      shown.begin(), shown.end(),
      [](unsigned char letter) { return letter < 0x20 || letter > 0x7e; }, '?');
  return shown;
}

}  // namespace

Error JsonMember::Refused(std::string_view why) const {
  return {Reason::kPolicyInvalid, "policy: " + path_ + ": " + std::string(why)};
}

Error JsonMember::UnknownMember(const JsonMember& member,
                                std::string_view known) {
  return member.Refused("unknown member; expected one of " +
                        std::string(known));
}

Result<void> JsonMember::ForEachMember(const Visit& visit) const {
  simdjson::dom::object object;
  if (element_.get(object) != simdjson::SUCCESS) {
    return Refused("not an object");
  }
  if (object.size() == 0) {
    return Refused("empty");
  }
  std::set<std::string_view> names;
  for (const simdjson::dom::key_value_pair member : object) {
    const JsonMember value(member.value, path_ + "." + ShownName(member.key));
    if (!names.insert(member.key).second) {
      return value.Refused("doubled");
    }
    RETURN_IF_ERROR(visit(member.key, value));
  }
  return {};
}

Result<std::vector<JsonMember>> JsonMember::Elements() const {
  simdjson::dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) {
    return Refused("not an array");
  }
  std::vector<JsonMember> elements;
  for (const simdjson::dom::element element : array) {
    elements.emplace_back(element,
                          path_ + "[" + std::to_string(elements.size()) + "]");
  }
  if (elements.empty()) {
    return Refused("empty");
  }
  return elements;
}

Result<std::string> JsonMember::NonEmptyString() const {
  std::string_view text;
  if (element_.get(text) != simdjson::SUCCESS) {
    return Refused("not a string");
  }
  if (text.empty()) {
    return Refused("empty");
  }
  return std::string(text);
}

Result<bool> JsonMember::Boolean() const {
  bool value = false;
  if (element_.get(value) != simdjson::SUCCESS) {
    return Refused("not true or false");
  }
  return value;
}

Result<std::int64_t> JsonMember::Integer() const {
  std::int64_t value = 0;
  if (element_.get(value) != simdjson::SUCCESS) {
    return Refused("not an integer");
  }
  return value;
}

Result<std::vector<std::uint8_t>> JsonMember::Hex(std::size_t size) const {
  ASSIGN_OR_RETURN(const std::string text, NonEmptyString());
  const bool is_lower_hex =
      std::all_of(text.begin(), text.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') ||
               (letter >= 'a' && letter <= 'f');
      });
  if (text.size() != 2 * size || !is_lower_hex) {
    return Refused("not " + std::to_string(2 * size) +
                   " lower-case hex digits");
  }
  return FromHex(text);
}

}  // namespace tdxvfs::policy

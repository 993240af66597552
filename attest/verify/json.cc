// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/json.h"

#include "attest/verify/signed_document.h"
#include "attest/verify/utc_time.h"

namespace tdxvfs::verify {
namespace {

namespace dom = simdjson::dom;

Error JsonError(std::string_view why) {
  return {Reason::kQuoteInvalid, "JSON: " + std::string(why)};
}

// `names` comes back sorted.
bool HasDoubled(std::vector<std::string_view>& names) {
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

bool IsContainer(dom::element element) {
  return element.is_object() || element.is_array();
}

}  // namespace

Result<dom::element> ParseJson(dom::parser& parser, std::string_view text) {
  if (text.size() > kMaxSignedDocument) {
    return JsonError("more than " + std::to_string(kMaxSignedDocument) +
                     " bytes");
  }
  // Our documents are objects: garbage ends here, before memory is asked for.
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') {
    return JsonError("not an object");
  }
  // simdjson counts the document itself as one level.
  dom::element root;
  if (parser.allocate(text.size(), kMaxJsonDepth + 1) != simdjson::SUCCESS) {
    return Error(Reason::kInternal, "JSON: no memory");
  }
  const simdjson::error_code error =
      parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return JsonError(simdjson::error_message(error));
  }
  return root;
}

Result<void> RefuseDoubledNames(dom::element root) {
  std::vector<dom::element> unvisited{root};
  std::vector<std::string_view> names;
  while (!unvisited.empty()) {
    const dom::element element = unvisited.back();
    unvisited.pop_back();
    dom::object object;
    dom::array array;
    if (element.get(object) == simdjson::SUCCESS) {
      names.clear();
      for (const dom::key_value_pair member : object) {
        names.push_back(member.key);
        if (IsContainer(member.value)) {
          unvisited.push_back(member.value);
        }
      }
      if (HasDoubled(names)) {
        return JsonError("a member name stands twice in one object");
      }
    } else if (element.get(array) == simdjson::SUCCESS) {
      for (const dom::element child : array) {
        if (IsContainer(child)) {
          unvisited.push_back(child);
        }
      }
    }
  }
  return {};
}

std::string JsonValue::Path() const {
  if (parent_ == nullptr) {
    return "$";
  }
  if (name_.empty()) {
    return parent_->Path() + "[" + std::to_string(index_) + "]";
  }
  return parent_->Path() + "." + std::string(name_);
}

Error JsonValue::Refused(std::string_view why) const {
  return {Reason::kQuoteInvalid, Path() + ": " + std::string(why)};
}

Result<std::optional<JsonValue>> JsonValue::OptionalMember(
    std::string_view name) const {
  dom::object object;
  if (element_.get(object) != simdjson::SUCCESS) {
    return Refused("not an object");
  }
  dom::element member;
  if (object.at_key(name).get(member) != simdjson::SUCCESS) {
    return std::optional<JsonValue>();
  }
  return std::optional<JsonValue>(JsonValue(member, this, name, 0));
}

Result<JsonValue> JsonValue::Member(std::string_view name) const {
  ASSIGN_OR_RETURN(const std::optional<JsonValue> member, OptionalMember(name));
  if (!member.has_value()) {
    return JsonValue(element_, this, name, 0).Refused("missing");
  }
  return *member;
}

Result<std::vector<JsonValue>> JsonValue::Elements() const {
  dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) {
    return Refused("not an array");
  }
  std::vector<JsonValue> elements;
  for (const dom::element element : array) {
    elements.push_back(JsonValue(element, this, {}, elements.size()));
  }
  return elements;
}

Result<std::string_view> JsonValue::Text() const {
  std::string_view text;
  if (element_.get(text) != simdjson::SUCCESS) {
    return Refused("not a string");
  }
  return text;
}

Result<std::uint32_t> JsonValue::Integer(std::uint32_t maximum) const {
  std::int64_t value = 0;
  if (element_.get(value) != simdjson::SUCCESS || value < 0 ||
      value > static_cast<std::int64_t>(maximum)) {
    return Refused("not an integer from 0 to " + std::to_string(maximum));
  }
  return static_cast<std::uint32_t>(value);
}

Result<std::chrono::system_clock::time_point> JsonValue::Date() const {
  ASSIGN_OR_RETURN(const std::string_view text, Text());
  const auto date = ParseUtcTime(text);
  if (!date.has_value()) {
    return Refused("not a date as 2026-01-31T00:00:00Z");
  }
  return *date;
}

Result<std::string_view> JsonValue::TextAt(std::string_view name) const {
  ASSIGN_OR_RETURN(const JsonValue member, Member(name));
  return member.Text();
}

Result<std::chrono::system_clock::time_point> JsonValue::DateAt(
    std::string_view name) const {
  ASSIGN_OR_RETURN(const JsonValue member, Member(name));
  return member.Date();
}

}  // namespace tdxvfs::verify

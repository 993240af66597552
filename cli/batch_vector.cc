// SPDX-License-Identifier: Apache-2.0
#include "cli/batch_vector.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/file.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxBatchSize = std::size_t{64} * 1024 * 1024;  // bytes

// A member's text; absent and null are empty, anything else is `wrong`.
std::string TextOf(const simdjson::dom::object& item, std::string_view name,
                   std::string& wrong) {
  simdjson::dom::element member;
  std::string_view text;
  if (item.at_key(name).get(member) != simdjson::SUCCESS || member.is_null()) {
    return "";
  }
  if (member.get(text) != simdjson::SUCCESS) {
    wrong = "member '" + std::string(name) + "' is no text";
  }
  return std::string(text);
}

// What no file name can hold would otherwise end it early.
bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Of the members that are read; the others are ignored, doubled or not.
bool IsDoubled(const simdjson::dom::object& item, std::string_view name) {
  return std::ranges::count(item, name,
                            [](const auto& member) { return member.key; }) > 1;
}

CollateralOverrides OverridesOf(const simdjson::dom::object& item,
                                std::string& wrong) {
  CollateralOverrides overrides;
  simdjson::dom::element member;
  if (item.at_key("override").get(member) != simdjson::SUCCESS ||
      member.is_null()) {
    return overrides;
  }
  simdjson::dom::object object;
  if (member.get(object) != simdjson::SUCCESS) {
    wrong = "member 'override' is no object";
    return overrides;
  }
  for (const auto& entry : object) {
    std::string_view path;
    if (entry.value.get(path) != simdjson::SUCCESS) {
      wrong = "override '" + std::string(entry.key) + "' is no text";
    }
    if (HasNul(path)) {
      wrong = "override '" + std::string(entry.key) + "' has a NUL in its path";
    }
    if (!overrides.emplace(entry.key, path).second) {
      wrong = "override '" + std::string(entry.key) + "' is doubled";
    }
  }
  return overrides;
}

BatchVector VectorOf(const simdjson::dom::object& item) {
  BatchVector vector;
  vector.id = TextOf(item, "id", vector.wrong);
  vector.quote = TextOf(item, "quote", vector.wrong);
  vector.collateral = TextOf(item, "collateral", vector.wrong);
  vector.at = TextOf(item, "at", vector.wrong);
  vector.overrides = OverridesOf(item, vector.wrong);
  for (const std::string_view name :
       {"id", "quote", "collateral", "at", "override"}) {
    if (IsDoubled(item, name)) {
      vector.wrong = "member '" + std::string(name) + "' is doubled";
    }
  }
  if (HasNul(vector.quote) || HasNul(vector.collateral)) {
    vector.wrong = "a path with a NUL";
  }
  return vector;
}

}  // namespace

Result<std::vector<BatchVector>> ReadBatch(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(file, kMaxBatchSize));
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (const auto error = parser.parse(json).get(list);
      error != simdjson::SUCCESS) {
    return Error(Reason::kFileInvalid,
                 "batch '" + file.string() +
                     "': no JSON list: " + simdjson::error_message(error));
  }
  std::vector<BatchVector> vectors;
  for (const simdjson::dom::element element : list) {
    simdjson::dom::object item;
    if (element.get(item) != simdjson::SUCCESS) {
      return Error(Reason::kFileInvalid,
                   "batch '" + file.string() + "': item " +
                       std::to_string(vectors.size()) + " is no object");
    }
    vectors.push_back(VectorOf(item));
  }
  return vectors;
}

}  // namespace tdxvfs::cli

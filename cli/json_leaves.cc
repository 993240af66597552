// SPDX-License-Identifier: Apache-2.0
#include "cli/json_leaves.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

namespace tdxvfs::cli {
namespace {

using simdjson::dom::element;

constexpr int kMaxDepth = 16;

bool IsContainer(const element& value) {
  return value.is_object() || value.is_array();
}

std::string ScalarText(const element& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    return std::string(text);
  }
  return simdjson::minify(value);
}

Result<void> Collect(const element& value, const std::string& path, int depth,
                     std::vector<JsonLeaf>& leaves);

Result<void> CollectObject(const simdjson::dom::object& object,
                           const std::string& path, int depth,
                           std::vector<JsonLeaf>& leaves) {
  std::set<std::string_view> seen;
  for (const auto& member : object) {
    if (!seen.insert(member.key).second) {
      return Error(Reason::kFileInvalid,
                   "member '" + std::string(member.key) + "' stands twice");
    }
    RETURN_IF_ERROR(Collect(member.value,
                            path.empty() ? std::string(member.key)
                                         : path + "." + std::string(member.key),
                            depth + 1, leaves));
  }
  return {};
}

Result<void> CollectArray(const simdjson::dom::array& array,
                          const std::string& path, int depth,
                          std::vector<JsonLeaf>& leaves) {
  std::size_t index = 0;
  for (const element& value : array) {
    const std::string place =
        IsContainer(value) ? "[" + std::to_string(index) + "]" : "[]";
    RETURN_IF_ERROR(Collect(value, path + place, depth + 1, leaves));
    ++index;
  }
  return {};
}

Result<void> Collect(const element& value, const std::string& path, int depth,
                     std::vector<JsonLeaf>& leaves) {
  if (depth > kMaxDepth) {
    return Error(Reason::kFileInvalid, "JSON is nested too deeply");
  }
  simdjson::dom::object object;
  if (value.get(object) == simdjson::SUCCESS) {
    return CollectObject(object, path, depth, leaves);
  }
  simdjson::dom::array array;
  if (value.get(array) == simdjson::SUCCESS) {
    return CollectArray(array, path, depth, leaves);
  }
  leaves.push_back({path, ScalarText(value)});
  return {};
}

}  // namespace

Result<std::vector<JsonLeaf>> ReadJsonLeaves(std::string_view json) {
  simdjson::dom::parser parser;
  element document;
  const auto failure =
      parser.parse(simdjson::padded_string(json)).get(document);
  if (failure != simdjson::SUCCESS) {
    return Error(Reason::kFileInvalid,
                 std::string("JSON: ") + simdjson::error_message(failure));
  }
  if (!document.is_object()) {
    return Error(Reason::kFileInvalid, "JSON: not an object");
  }
  std::vector<JsonLeaf> leaves;
  RETURN_IF_ERROR(Collect(document, "", 0, leaves));
  return leaves;
}

const std::string& LeafAt(const std::vector<JsonLeaf>& leaves,
                          std::string_view path) {
  static const std::string none;
  const auto leaf =
      std::find_if(leaves.begin(), leaves.end(),
                   [path](const JsonLeaf& each) { return each.path == path; });
  return leaf == leaves.end() ? none : leaf->value;
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_JSON_TEXT_H_
#define TDXVFS_COMMON_JSON_TEXT_H_

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace tdxvfs {

// A JSON string with its quotes (RFC 8259 section 7). Bytes that are not
// valid UTF-8 become U+FFFD, so that the output is always valid JSON.
std::string JsonString(std::string_view text);

// `YYYY-MM-DDThh:mm:ss.mmmZ`.
std::string JsonTime(std::chrono::system_clock::time_point time);
std::string JsonTimeNow();

// Writes one JSON object or array member by member; commas are placed, text is
// escaped. Nest by giving another writer's Close() to Raw.
class JsonObject {
 public:
  JsonObject();
  JsonObject& String(std::string_view name, std::string_view value);
  JsonObject& Number(std::string_view name, long long value);
  JsonObject& Boolean(std::string_view name, bool value);
  JsonObject& Null(std::string_view name);
  JsonObject& Raw(std::string_view name, std::string_view json);
  // The finished object, `{...}`; nothing is written to it afterwards.
  std::string Close() { return std::move(text_ += '}'); }

 private:
  std::string text_;
};

class JsonArray {
 public:
  JsonArray();
  JsonArray& String(std::string_view value);
  JsonArray& Raw(std::string_view json);
  std::string Close() { return std::move(text_ += ']'); }

 private:
  std::string text_;
};

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_JSON_TEXT_H_

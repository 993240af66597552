// SPDX-License-Identifier: Apache-2.0
#include "common/json_text.h"

#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/utf8.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kBracket = 1;
// Most objects are no larger, and so grow no further.
constexpr std::size_t kUsualSize = 256;  // bytes

// Which bytes are written as they stand. A table, since every digit of an audit
// record is asked about.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) {
    plain.at(c) = c != '"' && c != '\\';
  }
  return plain;
}();

// What is written as it stands, ahead of all that has to be looked at.
std::size_t PlainLength(std::string_view text) {
  const auto end = std::ranges::find_if_not(
      text, [](char c) { return kPlain[static_cast<std::uint8_t>(c)]; });
  return static_cast<std::size_t>(end - text.begin());
}

void AppendEscaped(std::string& text, char c) {
  switch (c) {
    case '"':
      text += "\\\"";
      return;
    case '\\':
      text += "\\\\";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<std::uint8_t>(c);
  if (code >= 0x20) {
    text += c;
    return;
  }
  std::array<char, 8> escape{};
  (void)snprintf(escape.data(), escape.size(), "\\u%04x", code);
  text += escape.data();
}

void AppendString(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    if (const std::size_t plain = PlainLength(text); plain != 0) {
      json += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = Utf8Length(text);
    if (length == 0) {
      json += "\xef\xbf\xbd";
    } else if (length == 1) {
      AppendEscaped(json, text.front());
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  json += '"';
}

void AppendComma(std::string& text) {
  if (text.size() > kBracket) {
    text += ',';
  }
}

void AppendName(std::string& text, std::string_view name) {
  AppendComma(text);
  AppendString(text, name);
  text += ':';
}

void AppendMember(std::string& text, std::string_view name,
                  std::string_view json) {
  AppendName(text, name);
  text += json;
}

void AppendElement(std::string& text, std::string_view json) {
  AppendComma(text);
  text += json;
}

std::string Opened(char bracket) {
  std::string text;
  text.reserve(kUsualSize);
  text += bracket;
  return text;
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 2);
  AppendString(json, text);
  return json;
}

std::string JsonTime(std::chrono::system_clock::time_point time) {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const time_t whole = seconds.count();
  tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 48> text{};
  const std::size_t used =
      strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  (void)snprintf(&text.at(used), text.size() - used, ".%03dZ",
                 static_cast<int>((since_epoch - seconds).count()));
  return text.data();
}

std::string JsonTimeNow() { return JsonTime(std::chrono::system_clock::now()); }

JsonObject::JsonObject() : text_(Opened('{')) {}

JsonObject& JsonObject::String(std::string_view name, std::string_view value) {
  AppendName(text_, name);
  AppendString(text_, value);
  return *this;
}

JsonObject& JsonObject::Number(std::string_view name, long long value) {
  AppendMember(text_, name, std::to_string(value));
  return *this;
}

JsonObject& JsonObject::Boolean(std::string_view name, bool value) {
  AppendMember(text_, name, value ? "true" : "false");
  return *this;
}

JsonObject& JsonObject::Null(std::string_view name) {
  AppendMember(text_, name, "null");
  return *this;
}

JsonObject& JsonObject::Raw(std::string_view name, std::string_view json) {
  AppendMember(text_, name, json);
  return *this;
}

JsonArray::JsonArray() : text_(Opened('[')) {}

JsonArray& JsonArray::String(std::string_view value) {
  AppendElement(text_, JsonString(value));
  return *this;
}

JsonArray& JsonArray::Raw(std::string_view json) {
  AppendElement(text_, json);
  return *this;
}

}  // namespace tdxvfs

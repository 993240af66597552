// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/json_fault.h"

#include <simdjson.h>

#include <algorithm>
#include <memory>

#include <json-c/json_tokener.h>

namespace tdxvfs::policy {
namespace {

constexpr int kDeepest = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct FreeTokener {
  void operator()(json_tokener* tokener) const { json_tokener_free(tokener); }
};
struct PutObject {
  void operator()(json_object* object) const { json_object_put(object); }
};

// "line 3, column 17: " of the byte at this offset.
std::string Place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const auto continues_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
  };
  const auto column =
      static_cast<std::ptrdiff_t>(in_line.size()) -
      std::count_if(in_line.begin(), in_line.end(), continues_character) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) +
         ": ";
}

std::string NoUtf8Line(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!simdjson::validate_utf8(text.data(), end)) {
      break;
    }
    text.remove_prefix(end);
    ++line;
  }
  return "line " + std::to_string(line) + ": not UTF-8";
}

// Behind the string that begins here, or the end of the text.
std::size_t BehindString(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    at += text[at] == '\\' ? 1U : 0U;
  }
  return std::min(at + 1, text.size());
}

// The first number that simdjson does not take, though json-c does: one of more
// than 64 bits, which json-c cuts.
std::string NumberFault(std::string_view text) {
  simdjson::dom::parser parser;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = BehindString(text, at);
    } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
      const std::size_t end =
          std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
      if (parser.parse(simdjson::padded_string(text.substr(at, end - at)))
              .error() != simdjson::SUCCESS) {
        return Place(text, at) + "not a number, or too large a one";
      }
      at = end;
    } else {
      ++at;
    }
  }
  return {};
}

}  // namespace

std::string JsonFault(std::string_view text) {
  // json-c would end here.
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    return Place(text, nul) + "a NUL byte";
  }
  if (text.starts_with(kByteOrderMark)) {
    return "line 1, column 1: a byte order mark; save the file without it";
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return NoUtf8Line(text);
  }
  const std::unique_ptr<json_tokener, FreeTokener> tokener(
      json_tokener_new_ex(kDeepest));
  if (tokener == nullptr) {
    return {};
  }
  json_tokener_set_flags(tokener.get(), JSON_TOKENER_STRICT);
  const std::unique_ptr<json_object, PutObject> object(json_tokener_parse_ex(
      tokener.get(), text.data(), static_cast<int>(text.size())));
  const json_tokener_error error = json_tokener_get_error(tokener.get());
  if (error == json_tokener_success) {
    return NumberFault(text);
  }
  const std::size_t end = json_tokener_get_parse_end(tokener.get());
  return Place(text, end) + (error == json_tokener_continue
                                 ? "the text ends here, unfinished"
                                 : json_tokener_error_desc(error));
}

}  // namespace tdxvfs::policy

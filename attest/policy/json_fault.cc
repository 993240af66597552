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

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

bool SimdjsonTakes(std::string_view value) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(value)).error() ==
         simdjson::SUCCESS;
}

// The first control character within a string, which json-c takes: mostly the
// line break behind a closing quote that was forgotten.
std::string ControlFault(std::string_view text) {
  std::size_t at = text.find('"');
  while (at < text.size()) {
    const std::size_t end = BehindString(text, at);
    const auto* const control =
        std::find_if(text.begin() + at, text.begin() + end, IsControl);
    if (control != text.begin() + end) {
      return Place(text, static_cast<std::size_t>(control - text.begin())) +
             "a line break or another control character within a string; "
             "perhaps its closing quote is missing";
    }
    at = text.find('"', end);
  }
  return {};
}

// The first value that simdjson does not take, though json-c does: a number of
// more than 64 bits, which json-c cuts, NaN, or a string with half a character.
std::string ValueFault(std::string_view text) {
  constexpr std::string_view number = "+-.0123456789eENaInfity";
  std::size_t at = 0;
  while (at < text.size()) {
    const bool is_string = text[at] == '"';
    if (!is_string && std::string_view("-0123456789NI").find(text[at]) ==
                          std::string_view::npos) {
      ++at;
      continue;
    }
    const std::size_t end =
        is_string ? BehindString(text, at)
                  : std::min(text.find_first_not_of(number, at), text.size());
    if (!SimdjsonTakes(text.substr(at, end - at))) {
      return Place(text, at) +
             (is_string ? "a string with an escape that stands for no character"
                        : "not a number, or too large a one");
    }
    at = end;
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
  const std::size_t end = json_tokener_get_parse_end(tokener.get());
  if (std::string fault = ControlFault(text.substr(0, end)); !fault.empty()) {
    return fault;
  }
  if (error == json_tokener_success) {
    return ValueFault(text);
  }
  return Place(text, end) + (error == json_tokener_continue
                                 ? "the text ends here, unfinished"
                                 : json_tokener_error_desc(error));
}

}  // namespace tdxvfs::policy

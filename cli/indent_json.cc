// SPDX-License-Identifier: Apache-2.0
#include "cli/indent_json.h"

namespace tdxvfs::cli {
namespace {

// The length of the string literal at the start of `json`, quotes included.
std::size_t StringLength(std::string_view json) {
  std::size_t end = 1;
  while (end < json.size() && json[end] != '"') {
    end += json[end] == '\\' ? 2U : 1U;
  }
  return end + 1;
}

}  // namespace

std::string IndentJson(std::string_view json) {
  std::string text;
  std::size_t depth = 0;
  const auto break_line = [&text, &depth] {
    text += "\n" + std::string(2 * depth, ' ');
  };
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char character = json[at];
    if (character == '"') {
      const std::size_t length = StringLength(json.substr(at));
      text += json.substr(at, length);
      at += length - 1;
    } else if (character == '{' || character == '[') {
      ++depth;
      text += character;
      break_line();
    } else if (character == '}' || character == ']') {
      --depth;
      break_line();
      text += character;
    } else if (character == ',') {
      text += character;
      break_line();
    } else if (character == ':') {
      text += ": ";
    } else {
      text += character;
    }
  }
  return text + "\n";
}

}  // namespace tdxvfs::cli

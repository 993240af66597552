// SPDX-License-Identifier: Apache-2.0
#include "agent/toml_table.h"

#include <algorithm>
#include <array>
#include <utility>

// Debian's shared library throws; compiled in, the parser returns its errors.
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "common/hex.h"

namespace tdxvfs::agent {
namespace {

Error At(std::string_view file_name, std::uint32_t line,
         std::string_view message) {
  return {Reason::kConfigInvalid, "'" + std::string(file_name) + "' line " +
                                      std::to_string(line) + ": " +
                                      std::string(message)};
}

}  // namespace

struct TomlTable::Parsed {
  toml::table table;
};

TomlTable::TomlTable(std::string file_name, std::unique_ptr<Parsed> parsed)
    : file_name_(std::move(file_name)), parsed_(std::move(parsed)) {}
TomlTable::TomlTable(TomlTable&&) noexcept = default;
TomlTable& TomlTable::operator=(TomlTable&&) noexcept = default;
TomlTable::~TomlTable() = default;

Result<TomlTable> TomlTable::Parse(std::string_view file_name,
                                   std::string_view text) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return At(file_name, parsed.error().source().begin.line,
              parsed.error().description());
  }
  return TomlTable(std::string(file_name),
                   std::make_unique<Parsed>(Parsed{std::move(parsed).table()}));
}

Result<void> TomlTable::AllowOnly(
    const std::vector<std::string_view>& keys) const {
  const toml::key* first_unknown = nullptr;
  for (const auto& [key, value] : parsed_->table) {
    const bool known =
        std::find(keys.begin(), keys.end(), key.str()) != keys.end();
    if (!known && (first_unknown == nullptr ||
                   key.source().begin < first_unknown->source().begin)) {
      first_unknown = &key;
    }
  }
  if (first_unknown == nullptr) {
    return {};
  }
  return At(file_name_, first_unknown->source().begin.line,
            "unknown key '" + std::string(first_unknown->str()) + "'");
}

Result<std::optional<std::string>> TomlTable::Text(std::string_view key) const {
  const toml::node* const node = parsed_->table.get(key);
  if (node == nullptr) {
    return std::optional<std::string>();
  }
  const auto* const text = node->as_string();
  if (text == nullptr) {
    return About(key, "must be text in quotes");
  }
  return std::optional<std::string>(text->get());
}

Result<std::string> TomlTable::RequiredText(std::string_view key) const {
  ASSIGN_OR_RETURN(std::optional<std::string> text, Text(key));
  if (!text.has_value()) {
    return Error(Reason::kConfigInvalid, "'" + file_name_ + "': key '" +
                                             std::string(key) + "' is missing");
  }
  if (text->empty()) {
    return About(key, "must not be empty");
  }
  return *std::move(text);
}

Result<std::vector<std::string>> TomlTable::RequiredTexts(
    std::string_view key) const {
  const toml::node* const node = parsed_->table.get(key);
  if (node == nullptr) {
    return Error(Reason::kConfigInvalid, "'" + file_name_ + "': key '" +
                                             std::string(key) + "' is missing");
  }
  const toml::array* const list = node->as_array();
  if (list == nullptr || list->empty()) {
    return About(key, R"(must be a list of texts, like ["one", "two"])");
  }
  std::vector<std::string> texts;
  for (const toml::node& item : *list) {
    const auto* const text = item.as_string();
    if (text == nullptr) {
      return About(key, R"(must be a list of texts, like ["one", "two"])");
    }
    texts.push_back(text->get());
  }
  return texts;
}

Error TomlTable::About(std::string_view key, std::string_view message) const {
  const toml::node* const node = parsed_->table.get(key);
  const std::uint32_t line = node == nullptr ? 0 : node->source().begin.line;
  return At(file_name_, line,
            "'" + std::string(key) + "': " + std::string(message));
}

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char character : text) {
    const auto byte = static_cast<std::uint8_t>(character);
    if (character == '"' || character == '\\') {
      quoted += '\\';
      quoted += character;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00" + ToHex(std::array<std::uint8_t, 1>{byte});
    } else {
      quoted += character;
    }
  }
  return quoted + "\"";
}

}  // namespace tdxvfs::agent

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/toml_table.h"

#include <array>
#include <charconv>
#include <utility>

namespace tdxvfs::keyserver {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{{
    {"ms", 1},
    {"s", 1000},
    {"m", 60'000},
    {"h", 3'600'000},
}};
constexpr std::int64_t kLongest = 24 * 3'600'000LL;

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, count);
  if (number.ec != std::errc()) {
    return std::nullopt;
  }
  const std::string_view unit(number.ptr,
                              static_cast<std::size_t>(end - number.ptr));
  for (const auto& [name, milliseconds] : kUnits) {
    if (unit == name && count > 0 && count <= kLongest / milliseconds) {
      return std::chrono::milliseconds(count * milliseconds);
    }
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, unsigned>, 2> kSizes{
    {{" MiB", 20}, {" GiB", 30}}};
constexpr std::uint64_t kLargest = 1ULL << 50U;

std::optional<std::uint64_t> ParseBytes(std::string_view text) {
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, count);
  const std::string_view unit(number.ptr,
                              static_cast<std::size_t>(end - number.ptr));
  for (const auto& [name, shift] : kSizes) {
    if (number.ec == std::errc() && unit == name &&
        count <= kLargest >> shift) {
      return count << shift;
    }
  }
  return std::nullopt;
}

std::string SuchAs(std::string_view example) {
  return example.empty() ? "" : ", such as \"" + std::string(example) + "\"";
}

}  // namespace

const toml::node* TomlTable::Find(std::string_view key) {
  asked_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

void TomlTable::Refuse(std::string_view key, std::string_view words) {
  if (error_.has_value()) {
    return;
  }
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  std::string place(file_);
  if (node != nullptr) {
    place += ":" + std::to_string(node->source().begin.line);
  } else if (table_ != nullptr) {
    place += ":" + std::to_string(table_->source().begin.line);
  }
  error_ = Error(Reason::kConfigInvalid, place + ": " + std::string(name_) +
                                             "." + std::string(key) + ": " +
                                             std::string(words));
}

std::string TomlTable::Text(std::string_view key, std::string_view example) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    Refuse(key,
           "is missing: write " +
               (table_ == nullptr ? "[" + std::string(name_) + "] and below it "
                                  : "") +
               std::string(key) + " = \"" + std::string(example) + "\", say");
    return {};
  }
  const auto text = node->value_exact<std::string>();
  if (!text.has_value() || text->empty()) {
    Refuse(key,
           "must be a string in quotes that is not empty" + SuchAs(example));
    return {};
  }
  return *text;
}

bool TomlTable::Has(std::string_view key) { return Find(key) != nullptr; }

std::string TomlTable::TextOr(std::string_view key, std::string_view fallback) {
  return Has(key) ? Text(key, fallback) : std::string(fallback);
}

std::uint32_t TomlTable::Number(std::string_view key, std::uint32_t fallback,
                                std::uint32_t lowest, std::uint32_t highest) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return fallback;
  }
  const auto number = node->value_exact<std::int64_t>();
  if (!number.has_value() || *number < lowest || *number > highest) {
    Refuse(key, "must be a whole number from " + std::to_string(lowest) +
                    " to " + std::to_string(highest));
    return fallback;
  }
  return static_cast<std::uint32_t>(*number);
}

bool TomlTable::Flag(std::string_view key, bool fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return fallback;
  }
  const auto flag = node->value_exact<bool>();
  if (!flag.has_value()) {
    Refuse(key, "must be true or false");
  }
  return flag.value_or(fallback);
}

std::uint64_t TomlTable::Bytes(std::string_view key, std::uint64_t fallback,
                               std::uint64_t lowest) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return fallback;
  }
  const auto text = node->value_exact<std::string>();
  const auto bytes = ParseBytes(text.value_or(""));
  if (!bytes.has_value() || *bytes < lowest) {
    Refuse(key, R"(must be a size such as "512 MiB" or "1 GiB", from )" +
                    std::to_string(lowest >> 20U) + " MiB to " +
                    std::to_string(kLargest >> 30U) + " GiB");
    return fallback;
  }
  return *bytes;
}

std::chrono::milliseconds TomlTable::Duration(
    std::string_view key, std::chrono::milliseconds fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    return fallback;
  }
  const auto text = node->value_exact<std::string>();
  const auto duration = ParseDuration(text.value_or(""));
  if (!duration.has_value()) {
    Refuse(key,
           R"(must be a time such as "500ms", "30s", "10m" or "2h", at most )"
           R"("24h")");
    return fallback;
  }
  return *duration;
}

std::string TomlTable::KnownKeys() const {
  std::string keys;
  for (const std::string& key : asked_) {
    keys += (keys.empty() ? "" : ", ") + key;
  }
  return keys;
}

Result<void> TomlTable::Finish() {
  if (table_ != nullptr) {
    for (const auto& [key, node] : *table_) {
      if (!asked_.contains(key.str())) {
        Refuse(key.str(),
               "is not a key of this table, which has " + KnownKeys());
      }
    }
  }
  if (error_.has_value()) {
    return *error_;
  }
  return {};
}

}  // namespace tdxvfs::keyserver

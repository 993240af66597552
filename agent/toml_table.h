// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_TOML_TABLE_H_
#define TDXVFS_AGENT_TOML_TABLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::agent {

// A flat TOML file: keys with a string or a list of strings, nothing else.
// Every error is kConfigInvalid and names file, line and key.
class TomlTable {
 public:
  // `file_name` is what errors call the file.
  static Result<TomlTable> Parse(std::string_view file_name,
                                 std::string_view text);
  TomlTable(TomlTable&&) noexcept;
  TomlTable& operator=(TomlTable&&) noexcept;
  ~TomlTable();

  // The first key that is not among these is an error.
  Result<void> AllowOnly(const std::vector<std::string_view>& keys) const;
  // Nothing when the key is absent.
  Result<std::optional<std::string>> Text(std::string_view key) const;
  // Absent, empty or not text: an error.
  Result<std::string> RequiredText(std::string_view key) const;
  Result<std::vector<std::string>> RequiredTexts(std::string_view key) const;
  // An error about this key: "'FILE' line N: 'KEY': MESSAGE".
  Error About(std::string_view key, std::string_view message) const;

 private:
  struct Parsed;
  TomlTable(std::string file_name, std::unique_ptr<Parsed> parsed);

  std::string file_name_;
  std::unique_ptr<Parsed> parsed_;
};

// `text` as a TOML string with its quotes.
std::string TomlString(std::string_view text);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_TOML_TABLE_H_

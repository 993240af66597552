// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_TOML_TABLE_H_
#define TDXVFS_KEYSERVER_TOML_TABLE_H_

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "common/result.h"

namespace tdxvfs::keyserver {

// Reads one table of a TOML file strictly: every key is asked for once, and
// what nobody asked for is an error. The first error is kept, so that a reader
// is a plain list of keys. Errors are kConfigInvalid: "FILE:LINE: KEY: ...".
class TomlTable {
 public:
  // `table` is null when the file has no such table. All arguments must
  // outlive this.
  TomlTable(const toml::table* table, std::string_view file,
            std::string_view name)
      : table_(table), file_(file), name_(name) {}

  // A required string that is not empty; `example` is for who has none.
  std::string Text(std::string_view key, std::string_view example);
  // The same, or `fallback` when there is none.
  std::string TextOr(std::string_view key, std::string_view fallback);
  // Whether an optional key is there.
  bool Has(std::string_view key);
  // An optional whole number of `lowest` to `highest`.
  std::uint32_t Number(std::string_view key, std::uint32_t fallback,
                       std::uint32_t lowest, std::uint32_t highest);
  // An optional true or false.
  bool Flag(std::string_view key, bool fallback);
  // An optional number of bytes such as "512 MiB" or "1 GiB", at least
  // `lowest`.
  std::uint64_t Bytes(std::string_view key, std::uint64_t fallback,
                      std::uint64_t lowest);
  // An optional time such as "500ms", "30s", "10m", above zero.
  std::chrono::milliseconds Duration(std::string_view key,
                                     std::chrono::milliseconds fallback);
  // Remembers that a value of `key` is wrong, in words.
  void Refuse(std::string_view key, std::string_view words);
  // The first error: of a read, or that there is a key nobody asked for.
  Result<void> Finish();

 private:
  const toml::node* Find(std::string_view key);
  // What this table can have, for whoever wrote something else.
  std::string KnownKeys() const;

  const toml::table* const table_;
  const std::string_view file_;
  const std::string_view name_;
  std::set<std::string, std::less<>> asked_;
  std::optional<Error> error_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_TOML_TABLE_H_

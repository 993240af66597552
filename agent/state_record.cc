// SPDX-License-Identifier: Apache-2.0
#include "agent/state_record.h"

#include <unistd.h>

#include "agent/toml_table.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::agent {
namespace {

constexpr std::size_t kMaxRecordSize = 4096;
constexpr mode_t kRecordMode = 0644;

std::filesystem::path RecordPath(const std::filesystem::path& run_directory,
                                 std::string_view volume) {
  return run_directory / (std::string(volume) + ".toml");
}

std::string TextOrEmpty(const TomlTable& table, std::string_view key) {
  const auto text = table.Text(key);
  return text.has_value() ? text->value_or("") : std::string();
}

}  // namespace

StateRecord ReadStateRecord(const std::filesystem::path& run_directory,
                            std::string_view volume) {
  const auto path = RecordPath(run_directory, volume);
  const auto bytes = ReadConfigFile(path, kMaxRecordSize);
  if (!bytes.has_value()) {
    return {};
  }
  const auto table = TomlTable::Parse(path.string(), *bytes);
  if (!table.has_value()) {
    return {};
  }
  return {.since = TextOrEmpty(*table, "since"),
          .version = TextOrEmpty(*table, "version"),
          .audit_id = TextOrEmpty(*table, "audit_id"),
          .reason = TextOrEmpty(*table, "reason")};
}

Result<void> WriteStateRecord(const std::filesystem::path& run_directory,
                              std::string_view volume,
                              const StateRecord& record) {
  std::string text;
  const auto add = [&text](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      text += std::string(key) + " = " + TomlString(value) + "\n";
    }
  };
  add("since", record.since);
  add("version", record.version);
  add("audit_id", record.audit_id);
  add("reason", record.reason);
  return ReplaceFile(RecordPath(run_directory, volume), AsBytes(text),
                     kRecordMode);
}

void RemoveStateRecord(const std::filesystem::path& run_directory,
                       std::string_view volume) {
  (void)unlink(RecordPath(run_directory, volume).c_str());
}

}  // namespace tdxvfs::agent

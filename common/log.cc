// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-journal.h>

#include "common/exit_report.h"
#include "common/json_text.h"

namespace tdxvfs {
namespace {

enum class Target : std::uint8_t { kText, kJson, kJournal };

struct LogState {
  std::string program = "tdxvfs";
  std::atomic<LogLevel> level = LogLevel::kInfo;
  Target target = Target::kText;
};

LogState& State() {
  static LogState state;
  return state;
}

constexpr std::array<std::string_view, 4> kLevelNames = {"error", "warning",
                                                         "info", "debug"};
constexpr std::array<int, 4> kSyslogPriorities = {LOG_ERR, LOG_WARNING,
                                                  LOG_INFO, LOG_DEBUG};

// systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream that
// standard error was connected to.
bool StandardErrorIsJournal() {
  const char* stream = getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) {
    return false;
  }
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) ==
         stream;
}

using NamedFields = std::vector<std::pair<std::string_view, std::string_view>>;

NamedFields Named(Event event, const LogFields& fields) {
  NamedFields named{{"event", InfoOf(event).slug}};
  if (!fields.volume.empty()) {
    named.emplace_back("volume", fields.volume);
  }
  if (!fields.reason.empty()) {
    named.emplace_back("reason", fields.reason);
  }
  if (!fields.audit_id.empty()) {
    named.emplace_back("audit_id", fields.audit_id);
  }
  if (!fields.peer.empty()) {
    named.emplace_back("peer", fields.peer);
  }
  if (!fields.author.empty()) {
    named.emplace_back("author", fields.author);
  }
  return named;
}

std::string JournalFieldName(std::string_view name) {
  std::string field = "TDXVFS_";
  for (const char c : name) {
    field.push_back(c == '_' ? '_' : static_cast<char>(c - 'a' + 'A'));
  }
  return field;
}

void SendToJournal(LogLevel level, std::string_view message,
                   const NamedFields& named) {
  std::vector<std::string> lines;
  lines.push_back("MESSAGE=" + std::string(message));
  lines.push_back("PRIORITY=" + std::to_string(kSyslogPriorities.at(
                                    static_cast<std::size_t>(level))));
  lines.push_back("SYSLOG_IDENTIFIER=" + State().program);
  for (const auto& [name, value] : named) {
    lines.push_back(JournalFieldName(name) + "=" + std::string(value));
  }
  std::vector<iovec> vectors;
  vectors.reserve(lines.size());
  for (std::string& line : lines) {
    vectors.push_back({line.data(), line.size()});
  }
  sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size()));
}

std::string JsonLine(LogLevel level, std::string_view message,
                     const NamedFields& named) {
  std::string line =
      "{\"time\":" + JsonString(JsonTimeNow()) + ",\"level\":" +
      JsonString(kLevelNames.at(static_cast<std::size_t>(level)));
  for (const auto& [name, value] : named) {
    line += "," + JsonString(name) + ":" + JsonString(value);
  }
  return line + ",\"message\":" + JsonString(message) + "}";
}

std::string TextLine(LogLevel level, std::string_view message,
                     const NamedFields& named) {
  std::string line = State().program + ": ";
  if (level != LogLevel::kInfo) {
    line += std::string(kLevelNames.at(static_cast<std::size_t>(level))) + ": ";
  }
  line += message;
  std::string_view separator = " (";
  for (const auto& [name, value] : named) {
    line +=
        std::string(separator) + std::string(name) + "=" + std::string(value);
    separator = " ";
  }
  // Names and reasons can come from a peer: nothing in them may start another
  // line or drive the terminal.
  return OneLine(line + ")");
}

spdlog::logger& StandardError() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>(
        "stderr", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames.at(i) == text) {
      return static_cast<LogLevel>(i);
    }
  }
  return Error(Reason::kUsage, "'" + std::string(text) +
                                   "' is not a log level: error, warning, "
                                   "info or debug");
}

void StartLog(std::string program, LogLevel level) {
  LogState& state = State();
  state.program = std::move(program);
  state.level = level;
  if (StandardErrorIsJournal()) {
    state.target = Target::kJournal;
  } else {
    state.target = isatty(STDERR_FILENO) == 1 ? Target::kText : Target::kJson;
  }
}

void SetLogLevel(LogLevel level) { State().level = level; }

void Log(LogLevel level, Event event, std::string_view message,
         const LogFields& fields) {
  const LogState& state = State();
  if (level > state.level) {
    return;
  }
  const NamedFields named = Named(event, fields);
  if (state.target == Target::kJournal) {
    SendToJournal(level, message, named);
    return;
  }
  const std::string line = state.target == Target::kJson
                               ? JsonLine(level, message, named)
                               : TextLine(level, message, named);
  StandardError().log(spdlog::level::info, "{}", line);
}

}  // namespace tdxvfs

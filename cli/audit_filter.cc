// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_filter.h"

#include <charconv>
#include <optional>

#include "cli/rfc3339.h"
#include "common/clock.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

constexpr std::uint32_t kDefaultLimit = 100;
constexpr std::uint32_t kMaxLimit = 1000;
// A hundred years: beyond any log, far below what a clock can count.
constexpr std::int64_t kMaxSeconds = std::int64_t{100} * 366 * 24 * 3600;

std::int64_t SecondsOf(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 24 * 3600L;
    default:
      return 0;
  }
}

std::optional<std::chrono::seconds> ParseSpan(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.size() < 2 || read.ec != std::errc() || read.ptr + 1 != end ||
      number < 0) {
    return std::nullopt;
  }
  const std::int64_t unit = SecondsOf(text.back());
  if (unit == 0 || number > kMaxSeconds / unit) {
    return std::nullopt;
  }
  return std::chrono::seconds(number * unit);
}

Result<std::string> TextOf(const std::string& moment) {
  if (moment.empty()) {
    return std::string();
  }
  ASSIGN_OR_RETURN(const auto time, ParseMoment(moment, SystemClock().Now()));
  return JsonTime(time);
}

}  // namespace

Result<std::chrono::system_clock::time_point> ParseMoment(
    std::string_view text, std::chrono::system_clock::time_point now) {
  if (const auto span = ParseSpan(text); span.has_value()) {
    return now - *span;
  }
  auto time = ParseRfc3339(text);
  if (!time.has_value()) {
    return Error(Reason::kUsage,
                 "'" + std::string(text) +
                     "' is neither a time such as 2026-01-31T12:00:00Z nor a "
                     "span before now such as 90s, 30m, 2h or 7d");
  }
  return time;
}

void AddAuditFilter(Command command, AuditFilterOptions& options) {
  command.AddOption("--volume", options.query.volume, "only this volume");
  command.AddOption("--reason", options.query.reason,
                    "only refusals for this reason, such as quote-invalid");
  command.AddOption("--peer", options.query.peer,
                    "only this peer: an address, or an address with its port");
  command.AddOption("--since", options.since,
                    "only from this time on: RFC 3339, or a span before now "
                    "such as 2h or 7d");
  command.AddOption("--until", options.until, "only before this time");
}

void AddAuditLimit(Command command, AuditFilterOptions& options,
                   const std::string& words) {
  options.query.limit = kDefaultLimit;
  command.AddOption("--limit", options.query.limit, words)
      .Between(1, kMaxLimit);
}

void NoteLimit(std::size_t found, const AuditQuery& query,
               const Console& console) {
  if (found >= query.limit) {
    console.err << "tdxvfs: note: decisions older than "
                << (found == 1 ? "this one" : "these " + std::to_string(found))
                << ", if any, were not looked at; --limit takes up to "
                << kMaxLimit << ", --until goes further back\n";
  }
}

Result<AuditQuery> QueryOf(const AuditFilterOptions& options) {
  AuditQuery query = options.query;
  if (!query.volume.empty()) {
    RETURN_IF_ERROR(CheckVolumeName(query.volume));
  }
  if (!query.reason.empty() && !ReasonFromSlug(query.reason).has_value()) {
    return Error(Reason::kUsage, "reason '" + query.reason + "' is unknown");
  }
  ASSIGN_OR_RETURN(query.since, TextOf(options.since));
  ASSIGN_OR_RETURN(query.until, TextOf(options.until));
  return query;
}

}  // namespace tdxvfs::cli

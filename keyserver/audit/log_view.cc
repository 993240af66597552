// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/log_view.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "common/audit_line.h"
#include "keyserver/audit/line_scanner.h"
#include "keyserver/audit/log_directory.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxLookedAt = std::size_t{4} << 20U;  // bytes a page

// One file of a view, open.
struct OpenFile {
  std::shared_ptr<const UniqueFd> file;
  off_t size = 0;
  std::uint64_t last = 0;  // its last line's number; 0: the current file
};

Result<std::optional<OpenFile>> OpenIfThere(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return std::optional<OpenFile>();
  }
  ASSIGN_OR_RETURN(UniqueFd opened, OpenFull(path));
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) {
    return SystemError(Reason::kAuditUnavailable, "read audit log", errno);
  }
  return std::optional(
      OpenFile{std::make_shared<const UniqueFd>(std::move(opened)),
               status.st_size, LastSequenceOf(path)});
}

// The line that was read last and the offset behind it in the file after the
// one that ends there.
struct LogPlace {
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0;
};

Result<LogPlace> ParseLogPlace(std::string_view text) {
  if (text.empty()) {
    return LogPlace{};
  }
  const std::size_t colon = text.find(':');
  const auto sequence = audit::ReadCount(text.substr(0, colon));
  const auto offset = colon == std::string_view::npos
                          ? std::nullopt
                          : audit::ReadCount(text.substr(colon + 1));
  if (!sequence.has_value() || !offset.has_value()) {
    return Error(Reason::kUsage,
                 "'" + std::string(text) + "' is no place in an audit log");
  }
  return LogPlace{*sequence, *offset};
}

std::string ToText(const LogPlace& place) {
  return std::to_string(place.sequence) + ":" + std::to_string(place.offset);
}

// The file that holds the line after a place: full files are named after their
// last line.
Result<OpenFile> FileOf(const LogView& view, LogPlace* place) {
  for (const std::filesystem::path& path : view.full) {
    if (LastSequenceOf(path) <= place->sequence) {
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<OpenFile> file, OpenIfThere(path));
    if (file.has_value()) {
      return std::move(*file);
    }
    *place = {LastSequenceOf(path), 0};
  }
  return OpenFile{view.current, view.size, 0};
}

}  // namespace

Result<void> ScanBackward(
    const LogView& view,
    const std::function<bool(std::string_view line)>& visit) {
  bool going_on = true;
  const auto visit_one = [&](std::string_view line) {
    going_on = visit(line);
    return going_on;
  };
  RETURN_IF_ERROR(ScanLinesBackward(view.current->get(), view.size, visit_one));
  for (auto path = view.full.rbegin(); going_on && path != view.full.rend();
       ++path) {
    ASSIGN_OR_RETURN(const std::optional<OpenFile> file, OpenIfThere(*path));
    if (file.has_value()) {
      RETURN_IF_ERROR(
          ScanLinesBackward(file->file->get(), file->size, visit_one));
    }
  }
  return {};
}

Result<LogPage> ReadPage(
    const LogView& view, std::string_view from, std::size_t max_bytes,
    const std::function<bool(std::string_view line)>& wanted) {
  ASSIGN_OR_RETURN(LogPlace place, ParseLogPlace(from));
  LogPage page;
  std::size_t taken = 0;
  std::size_t looked_at = 0;
  bool going_on = true;
  while (going_on) {
    ASSIGN_OR_RETURN(const OpenFile file, FileOf(view, &place));
    RETURN_IF_ERROR(ScanLinesForward(
        file.file->get(), static_cast<off_t>(place.offset), file.size,
        [&](std::string_view line) {
          const bool takes = wanted(line);
          going_on = !takes || taken == 0 || taken + line.size() <= max_bytes;
          if (!going_on) {
            return false;
          }
          if (takes) {
            page.lines.emplace_back(line);
            taken += line.size();
          }
          const auto linked = audit::ReadLinkedLine(line);
          place.sequence =
              linked.has_value() ? linked->position.sequence : place.sequence;
          place.offset += line.size() + 1;
          looked_at += line.size() + 1;
          going_on = looked_at < kMaxLookedAt;
          return going_on;
        }));
    if (going_on && file.last == 0) {
      return page;
    }
    if (going_on) {
      page.torn += static_cast<off_t>(place.offset) < file.size ? 1U : 0U;
      place = {file.last, 0};
    }
  }
  page.next = ToText(place);
  return page;
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "common/audit_line.h"
#include "common/file.h"

namespace tdxvfs::cli {
namespace {

constexpr std::string_view kCurrent = "audit.jsonl";
// What it is called until the full file has its number.
constexpr std::string_view kNext = "audit.jsonl.new";
constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kBlockSize = std::size_t{1} << 18U;
// Far above any line that a server writes.
constexpr std::size_t kMaxLine = std::size_t{1} << 22U;
constexpr std::size_t kMaxHeadFile = std::size_t{1} << 20U;

// The number in a full file's name, or nothing.
std::optional<std::uint64_t> NumberIn(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  std::string_view number = name;
  if (!number.starts_with(kPrefix) || !number.ends_with(kSuffix) ||
      number.size() <= kPrefix.size() + kSuffix.size()) {
    return std::nullopt;
  }
  number.remove_prefix(kPrefix.size());
  number.remove_suffix(kSuffix.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return audit::ReadCount(number);
}

// Gives the whole lines in `text` to the checks and leaves the rest. Only what
// the log's own check lets pass says anything about evidence.
Result<void> CheckLines(std::string* text, audit::Check& check,
                        EvidenceCheck& evidence) {
  std::string_view rest = *text;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos;
       end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end);
    check.Line(line);
    if (!check.failed()) {
      RETURN_IF_ERROR(evidence.Line(line));
    }
    rest.remove_prefix(end + 1);
  }
  *text = std::string(rest);
  return {};
}

Result<std::ifstream> OpenAuditFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return SystemError(
        errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable,
        "audit log '" + path.string() + "'", errno);
  }
  return file;
}

Result<void> CheckOpenFile(const std::filesystem::path& path,
                           std::ifstream& file, audit::Check& check,
                           EvidenceCheck& evidence) {
  check.BeginFile(path.string());
  evidence.InFolderOf(path);
  std::string text;
  std::string block(kBlockSize, '\0');
  while (file && !check.failed()) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(file.gcount()));
    RETURN_IF_ERROR(CheckLines(&text, check, evidence));
    if (text.size() > kMaxLine) {
      check.EndsWithin(text.size());
    }
  }
  if (file.bad()) {
    return SystemError(Reason::kFileUnreadable,
                       "read audit log '" + path.string() + "'", errno);
  }
  if (!text.empty()) {
    check.EndsWithin(text.size());
  }
  return {};
}

using FileSet = std::set<std::filesystem::path>;

// The full files of a list, which are all but the newest, that are not in
// `read` yet.
Result<void> CheckFullFiles(const std::vector<std::filesystem::path>& files,
                            FileSet* read, audit::Check& check,
                            EvidenceCheck& evidence) {
  for (std::size_t i = 0; i + 1 < files.size(); ++i) {
    if (read->insert(files.at(i)).second) {
      RETURN_IF_ERROR(CheckAuditFile(files.at(i), check, evidence));
      check.EndsFile(NumberIn(files.at(i)).value_or(0));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::filesystem::path>> FindAuditFiles(
    const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (NumberIn(entry->path()).has_value()) {
      files.push_back(entry->path());
    }
    entry.increment(error);
  }
  if (error) {
    return SystemError(Reason::kFileUnreadable,
                       "folder '" + folder.string() + "'", error.value());
  }
  std::ranges::sort(files, {}, NumberIn);
  const bool current = std::filesystem::exists(folder / kCurrent, error);
  // A server that crashed between two files left the newest under this name.
  const bool next =
      !error && !current && std::filesystem::exists(folder / kNext, error);
  if (error) {
    return SystemError(Reason::kFileUnreadable,
                       "audit log in '" + folder.string() + "'", error.value());
  }
  if (files.empty() && !current) {
    return Error(Reason::kFileNotFound,
                 "no audit log in '" + folder.string() + "'");
  }
  files.push_back(folder / (next ? kNext : kCurrent));
  return files;
}

Result<void> CheckAuditFile(const std::filesystem::path& path,
                            audit::Check& check, EvidenceCheck& evidence) {
  ASSIGN_OR_RETURN(std::ifstream file, OpenAuditFile(path));
  return CheckOpenFile(path, file, check, evidence);
}

Result<std::size_t> CheckAuditFolder(const std::filesystem::path& folder,
                                     audit::Check& check,
                                     EvidenceCheck& evidence) {
  FileSet read;
  ASSIGN_OR_RETURN(std::vector<std::filesystem::path> files,
                   FindAuditFiles(folder));
  while (true) {
    RETURN_IF_ERROR(CheckFullFiles(files, &read, check, evidence));
    const std::filesystem::path newest = files.back();
    Result<std::ifstream> file = OpenAuditFile(newest);
    // One that was opened before the list was made again comes right behind the
    // full files of that list, when they are still the same.
    ASSIGN_OR_RETURN(files, FindAuditFiles(folder));
    const bool is_next =
        files.back() == newest &&
        std::all_of(files.begin(), files.end() - 1,
                    [&](const auto& full) { return read.count(full) != 0; });
    if (!is_next) {
      continue;
    }
    if (file.has_value()) {
      RETURN_IF_ERROR(CheckOpenFile(newest, *file, check, evidence));
    } else if (file.error().reason() == Reason::kFileNotFound) {
      check.BeginFile(newest.string());  // and not one line
    } else {
      return std::move(file).error();
    }
    return files.size();
  }
}

Result<audit::Head> ReadHeadFile(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path, kMaxHeadFile));
  std::optional<audit::Head> last;
  std::string_view rest = content;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto line = audit::ReadLinkedLine(rest.substr(0, end));
    const auto head =
        line.has_value() ? audit::ReadHead(line->body) : std::nullopt;
    last = head.has_value() ? head : last;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (!last.has_value()) {
    return Error(Reason::kFileInvalid, "'" + path.string() +
                                           "' has no signed head of an audit "
                                           "log");
  }
  return *last;
}

}  // namespace tdxvfs::cli

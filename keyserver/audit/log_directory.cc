// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/log_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/audit_line.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kCurrent = "audit.jsonl";
constexpr std::string_view kNext = "audit.jsonl.new";
constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kSequenceDigits = 12;
constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW;

Error DirectoryUnavailable(std::string_view action,
                           const std::filesystem::path& path) {
  return SystemError(Reason::kAuditUnavailable,
                     std::string(action) + " '" + path.string() + "'", errno);
}

std::string FullName(std::uint64_t last_sequence) {
  std::string number = std::to_string(last_sequence);
  number.insert(0, kSequenceDigits - std::min(kSequenceDigits, number.size()),
                '0');
  return std::string(kPrefix) + number + std::string(kSuffix);
}

}  // namespace

LogDirectory::LogDirectory(std::filesystem::path path, UniqueFd directory)
    : path_(std::move(path)),
      current_(Current(path_)),
      next_(path_ / kNext),
      directory_(std::move(directory)) {}

std::filesystem::path LogDirectory::Current(const std::filesystem::path& path) {
  return path / kCurrent;
}

Result<LogDirectory> LogDirectory::Open(const std::filesystem::path& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    return DirectoryUnavailable("open the audit log's folder", path);
  }
  if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    return DirectoryUnavailable("lock the audit log's folder", path);
  }
  LogDirectory opened(path, std::move(directory));
  // The next file has its lines before the full one gets its number: after a
  // crash behind that it only lacks its name. Before, it never counted.
  const bool numbered =
      access(opened.current_.c_str(), F_OK) != 0 && errno == ENOENT;
  const int done = numbered
                       ? rename(opened.next_.c_str(), opened.current_.c_str())
                       : unlink(opened.next_.c_str());
  if (done != 0 && errno != ENOENT) {
    return DirectoryUnavailable(numbered ? "rename audit log" : "remove",
                                opened.next_);
  }
  return opened;
}

Result<std::vector<std::filesystem::path>> LogDirectory::Full() const {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  std::filesystem::directory_iterator entry(path_, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (LastSequenceOf(entry->path()) != 0) {
      files.push_back(entry->path());
    }
    entry.increment(error);
  }
  if (error) {
    return SystemError(Reason::kAuditUnavailable,
                       "list the audit log's folder '" + path_.string() + "'",
                       error.value());
  }
  std::ranges::sort(files, {}, LastSequenceOf);
  return files;
}

Result<UniqueFd> LogDirectory::OpenCurrent() const {
  UniqueFd file(open(current_.c_str(), kFlags | O_CREAT, 0600));
  if (!file.valid()) {
    return DirectoryUnavailable("open audit log", current_);
  }
  if (fsync(directory_.get()) != 0) {
    return DirectoryUnavailable("sync directory of", current_);
  }
  return file;
}

Result<UniqueFd> LogDirectory::StartFile(std::uint64_t last_sequence,
                                         const std::string& text) const {
  UniqueFd file(open(next_.c_str(), kFlags | O_CREAT | O_EXCL, 0600));
  if (!file.valid()) {
    return DirectoryUnavailable("start audit log", next_);
  }
  errno = WriteAll(file.get(), text);
  if (errno != 0 || fsync(file.get()) != 0) {
    Error error = DirectoryUnavailable("start audit log", next_);
    (void)unlink(next_.c_str());
    return error;
  }
  const std::filesystem::path full = FullPath(last_sequence);
  if (rename(current_.c_str(), full.c_str()) != 0) {
    Error error = DirectoryUnavailable("rename audit log", current_);
    (void)unlink(next_.c_str());
    return error;
  }
  if (rename(next_.c_str(), current_.c_str()) != 0) {
    Error error = DirectoryUnavailable("rename audit log", next_);
    (void)rename(full.c_str(), current_.c_str());
    (void)unlink(next_.c_str());
    return error;
  }
  // Where this fails, a crash may bring the old names back, which lead to the
  // same lines: every one of them is on disk already.
  (void)fsync(directory_.get());
  return file;
}

std::filesystem::path LogDirectory::FullPath(
    std::uint64_t last_sequence) const {
  return path_ / FullName(last_sequence);
}

std::uint64_t LastSequenceOf(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  std::string_view number = name;
  if (!number.starts_with(kPrefix) || !number.ends_with(kSuffix) ||
      number.size() < kPrefix.size() + kSequenceDigits + kSuffix.size()) {
    return 0;
  }
  number.remove_prefix(kPrefix.size());
  number.remove_suffix(kSuffix.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  const std::uint64_t last = audit::ReadCount(number).value_or(0);
  return FullName(last) == name ? last : 0;
}

Result<UniqueFd> OpenFull(const std::filesystem::path& file) {
  UniqueFd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened.valid()) {
    return DirectoryUnavailable("open audit log", file);
  }
  return opened;
}

int WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace tdxvfs::keyserver

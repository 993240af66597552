// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/evidence_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>

#include "common/evidence_place.h"
#include "common/json_text.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kDaySize = 10;        // 2026-11-21
constexpr std::size_t kFileNumberSize = 6;  // 000000
constexpr std::uint64_t kFilesAShelf = 8;
constexpr char kAfterDigits = ':';

std::string DayOf(std::chrono::system_clock::time_point time) {
  return JsonTime(time).substr(0, kDaySize);
}

Error EvidenceUnavailable(std::string_view action,
                          const std::filesystem::path& path) {
  return SystemError(Reason::kAuditUnavailable,
                     std::string(action) + " '" + path.string() + "'", errno);
}

bool ReadWhole(std::string_view text, std::uint64_t* number) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, *number);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

EvidenceFiles::EvidenceFiles(std::filesystem::path folder,
                             const EvidenceLimits& limits)
    : folder_(std::move(folder)),
      limits_(limits),
      releases_("release-", limits.max_bytes - limits.max_bytes / 4),
      refusals_("refusal-", limits.max_bytes / 4) {}

Result<std::unique_ptr<EvidenceFiles>> EvidenceFiles::Open(
    const std::filesystem::path& folder, const EvidenceLimits& limits) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return EvidenceUnavailable("make the folder", folder);
  }
  std::unique_ptr<EvidenceFiles> files(new EvidenceFiles(folder, limits));
  RETURN_IF_ERROR(files->FindFiles());
  return files;
}

Result<void> EvidenceFiles::FindFiles() {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    for (Shelf* shelf : {&releases_, &refusals_}) {
      if (name.starts_with(shelf->prefix)) {
        shelf->sizes[name] = entry->file_size(error);
        shelf->of_former_runs.insert(name);
      }
    }
  }
  if (error) {
    return Error(Reason::kAuditUnavailable,
                 "read '" + folder_.string() + "': " + error.message());
  }
  return {};
}

// The newest file of this day where it has room, else one behind it. Files of
// later days, which a clock that was wrong left, are passed over: a name is not
// to come again, since records say which bytes of it are theirs. For the same
// reason none of a former run is written on: a power cut may have shortened it.
std::string EvidenceFiles::NameFor(const Shelf& shelf, const std::string& day,
                                   std::size_t size) {
  const std::string of_day = shelf.prefix + day + "-";
  std::uint64_t number = 0;
  const auto behind = shelf.sizes.upper_bound(of_day + kAfterDigits);
  if (behind != shelf.sizes.begin()) {
    const auto& [name, used] = *std::prev(behind);
    if (name.starts_with(of_day) &&
        ReadWhole(std::string_view(name).substr(of_day.size()), &number)) {
      if (!shelf.of_former_runs.contains(name) &&
          used + size <= shelf.max_bytes / kFilesAShelf) {
        return name;
      }
      ++number;
    }
  }
  const std::string digits = std::to_string(number);
  return of_day +
         std::string(kFileNumberSize - std::min(kFileNumberSize, digits.size()),
                     '0') +
         digits;
}

// What cannot be removed stays counted, and is tried again.
void EvidenceFiles::DropOld(Shelf* shelf, const std::string& first_day) {
  auto total = std::accumulate(
      shelf->sizes.begin(), shelf->sizes.end(), std::uint64_t{0},
      [](std::uint64_t sum, const auto& file) { return sum + file.second; });
  while (!shelf->sizes.empty()) {
    const auto oldest = shelf->sizes.begin();
    if (oldest->first >= shelf->prefix + first_day &&
        total <= shelf->max_bytes) {
      return;
    }
    const auto path = folder_ / oldest->first;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return;
    }
    total -= oldest->second;
    shelf->sizes.erase(oldest);
  }
}

// Opens the file unless it is open, and returns its size. One that was removed
// or moved away meanwhile is made anew: nothing is to go where nobody finds it.
Result<std::uint64_t> EvidenceFiles::OpenToAppend(
    Shelf* shelf, const std::string& name) const {
  const auto path = folder_ / name;
  struct stat status {};
  if (shelf->open_file.valid() && lstat(path.c_str(), &status) == 0 &&
      status.st_ino == shelf->open_inode &&
      status.st_dev == shelf->open_device) {
    return static_cast<std::uint64_t>(status.st_size);
  }
  UniqueFd file(open(path.c_str(),
                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                     0600));
  if (!file.valid()) {
    return EvidenceUnavailable("open", path);
  }
  if (fstat(file.get(), &status) != 0) {
    return EvidenceUnavailable("read", path);
  }
  shelf->open_file = std::move(file);
  shelf->open_inode = status.st_ino;
  shelf->open_device = status.st_dev;
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> EvidenceFiles::Keep(
    std::span<const std::uint8_t> evidence, bool released,
    std::chrono::system_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Shelf& shelf = released ? releases_ : refusals_;
  if (evidence.size() > shelf.max_bytes / kFilesAShelf) {
    return Error(Reason::kAuditUnavailable,
                 "evidence of " + std::to_string(evidence.size()) +
                     " bytes has no room within audit.evidence_max");
  }
  const std::string name = NameFor(shelf, DayOf(now), evidence.size());
  ASSIGN_OR_RETURN(const std::uint64_t offset, OpenToAppend(&shelf, name));
  const int file = shelf.open_file.get();
  const ssize_t count = write(file, evidence.data(), evidence.size());
  if (count != static_cast<ssize_t>(evidence.size())) {
    const auto path = folder_ / name;
    Error error = EvidenceUnavailable("write to", path);
    if (ftruncate(file, static_cast<off_t>(offset)) != 0) {
      error.AddContext("half a record stays at the end of '" + path.string() +
                       "'");
    }
    return error;
  }
  shelf.sizes[name] = offset + evidence.size();
  DropOld(&shelf, DayOf(now - std::chrono::days(limits_.days)));
  return name + ":" + std::to_string(offset) + ":" +
         std::to_string(evidence.size());
}

Result<std::vector<std::uint8_t>> EvidenceFiles::Read(
    std::string_view text) const {
  const auto place = audit::ParseEvidencePlace(text);
  if (!place.has_value()) {
    return Error(Reason::kFileInvalid,
                 "'" + std::string(text) + "' is no place of evidence");
  }
  const auto path = folder_ / place->file;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    return Error(Reason::kFileNotFound,
                 "the evidence in '" + path.string() + "' was dropped");
  }
  std::vector<std::uint8_t> evidence(place->size);
  if (pread(file.get(), evidence.data(), evidence.size(),
            static_cast<off_t>(place->offset)) !=
      static_cast<ssize_t>(evidence.size())) {
    return Error(Reason::kFileInvalid,
                 "'" + path.string() + "' ends before the evidence");
  }
  return evidence;
}

}  // namespace tdxvfs::keyserver

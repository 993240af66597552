// SPDX-License-Identifier: Apache-2.0
#include "luks/image/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/sync_directory.h"
#include "luks/image/open_folder.h"
#include "luks/image/pending_file.h"
#include "luks/image/remove_tree.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMaxSteps = 128;          // descriptors
constexpr std::string_view kUnique = "XXXXXX";  // mkdtemp's

// Whoever fills such a folder holds its lock, and a killed process holds none.
bool IsLeftBehind(const std::filesystem::path& folder) {
  const UniqueFd descriptor(::open(folder.c_str(), kFolderFlags));
  struct stat status {};
  return descriptor.valid() && ::fstat(descriptor.get(), &status) == 0 &&
         status.st_uid == ::geteuid() &&
         ::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0;
}

// They hold somebody's files in the clear. What cannot be read or removed
// stays.
void RemoveLeftBehind(const std::filesystem::path& parent,
                      const std::string& prefix) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) &&
        name.size() == prefix.size() + kUnique.size()) {
      found.push_back(entry->path());
    }
  }
  for (const std::filesystem::path& folder : found) {
    if (IsLeftBehind(folder)) {
      RemoveTree(folder);
    }
  }
}

}  // namespace

Result<NewFolder> NewFolder::Create(const std::filesystem::path& path) {
  // "out/" means "out".
  const std::filesystem::path target =
      path.has_filename() ? path : path.parent_path();
  struct stat status {};
  if (::lstat(target.c_str(), &status) == 0) {
    return SystemError(Reason::kAlreadyExists, Quoted(target), EEXIST);
  }
  const std::string prefix = "." + target.filename().string() + ".extract-";
  RemoveLeftBehind(FolderOf(target), prefix);
  std::string partial =
      (target.parent_path() / prefix).string().append(kUnique);
  if (::mkdtemp(partial.data()) == nullptr) {
    return SystemError(ReasonOfWrite(errno), Quoted(target), errno);
  }
  NewFolder folder;
  folder.path_ = target;
  folder.partial_ = partial;
  folder.descriptor_ = UniqueFd(::open(partial.c_str(), kFolderFlags));
  if (!folder.descriptor_.valid()) {
    return SystemError(ReasonOfWrite(errno), Quoted(partial), errno);
  }
  // Where a file system has no locks, nothing counts as left behind.
  (void)::flock(folder.descriptor_.get(), LOCK_EX | LOCK_NB);
  return folder;
}

NewFolder::NewFolder(NewFolder&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, {})),
      stepped_(std::move(other.stepped_)),
      steps_(std::move(other.steps_)) {}

NewFolder::~NewFolder() {
  if (!partial_.empty()) {
    RemoveTree(partial_);
  }
}

void NewFolder::KeepStepsTo(std::string_view folder) {
  while (!steps_.empty()) {
    const std::size_t length = steps_.back().length;
    if (folder.substr(0, length) ==
            std::string_view(stepped_).substr(0, length) &&
        (folder.size() == length || folder.substr(length, 1) == "/")) {
      return;
    }
    steps_.pop_back();
  }
}

Result<UniqueFd> NewFolder::Parent(const std::string& path, std::string* name) {
  const std::size_t last = path.rfind('/');
  const std::string folder =
      last == std::string::npos ? std::string() : path.substr(0, last);
  KeepStepsTo(folder);
  std::size_t done = steps_.empty() ? 0 : steps_.back().length;
  stepped_ = folder;
  while (done < folder.size()) {
    const std::size_t begin = done == 0 ? 0 : done + 1;
    const std::size_t end = std::min(folder.find('/', begin), folder.size());
    const int from =
        steps_.empty() ? descriptor_.get() : steps_.back().descriptor.get();
    UniqueFd next(::openat(from, folder.substr(begin, end - begin).c_str(),
                           kFolderFlags));
    if (!next.valid()) {
      return SystemError(ReasonOfWrite(errno), Quoted(path), errno);
    }
    steps_.push_back({end, std::move(next)});
    if (steps_.size() > kMaxSteps) {
      steps_.pop_front();
    }
    done = end;
  }
  UniqueFd parent(::fcntl(
      steps_.empty() ? descriptor_.get() : steps_.back().descriptor.get(),
      F_DUPFD_CLOEXEC, 0));
  if (!parent.valid()) {
    return SystemError(ReasonOfWrite(errno), Quoted(path), errno);
  }
  *name = last == std::string::npos ? path : path.substr(last + 1);
  return parent;
}

Result<void> NewFolder::Commit() {
  if (::syncfs(descriptor_.get()) != 0) {
    return SystemError(ReasonOfWrite(errno), Quoted(path_), errno);
  }
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(),
                  RENAME_NOREPLACE) != 0) {
    return SystemError(ReasonOfWrite(errno), Quoted(path_), errno);
  }
  partial_.clear();
  auto synced = SyncDirectoryOf(path_);
  if (!synced.has_value()) {
    // Whoever is told of a failure does not expect the folder.
    RemoveTree(path_);
  }
  return synced;
}

}  // namespace tdxvfs::image

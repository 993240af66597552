// SPDX-License-Identifier: Apache-2.0
#include "luks/image/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::string Quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

// Folders may have been made unwritable already.
void RemoveAll(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::recursive_directory_iterator entry(path, ignored);
  for (; !ignored && entry != fs::recursive_directory_iterator();
       entry.increment(ignored)) {
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      fs::permissions(entry->path(), fs::perms::owner_all,
                      fs::perm_options::add | fs::perm_options::nofollow,
                      ignored);
    }
  }
  fs::remove_all(path, ignored);
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
  std::string partial =
      (target.parent_path() / ("." + target.filename().string() + ".XXXXXX"))
          .string();
  if (::mkdtemp(partial.data()) == nullptr) {
    return SystemError(ReasonOfWrite(errno), Quoted(target), errno);
  }
  NewFolder folder;
  folder.path_ = target;
  folder.partial_ = partial;
  folder.descriptor_ = UniqueFd(::open(partial.c_str(), kFolder));
  if (!folder.descriptor_.valid()) {
    return SystemError(ReasonOfWrite(errno), Quoted(partial), errno);
  }
  return folder;
}

NewFolder::NewFolder(NewFolder&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, {})) {}

NewFolder::~NewFolder() {
  if (!partial_.empty()) {
    RemoveAll(partial_);
  }
}

Result<UniqueFd> NewFolder::Parent(const std::string& path,
                                   std::string* name) const {
  UniqueFd folder(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', begin)) {
    const std::string step = path.substr(begin, slash - begin);
    if (folder.valid()) {
      folder = UniqueFd(::openat(folder.get(), step.c_str(), kFolder));
    }
    begin = slash + 1;
  }
  if (!folder.valid()) {
    return SystemError(ReasonOfWrite(errno), Quoted(path), errno);
  }
  *name = path.substr(begin);
  return folder;
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
  return {};
}

}  // namespace tdxvfs::image

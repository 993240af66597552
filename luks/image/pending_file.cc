// SPDX-License-Identifier: Apache-2.0
#include "luks/image/pending_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "common/file.h"

namespace tdxvfs::image {
namespace {

std::string ProcPath(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

// O_TMPFILE is refused in one of these ways by what does not know it.
bool MeansNoNamelessFiles(int error_number) {
  return error_number == EOPNOTSUPP || error_number == EISDIR ||
         error_number == EINVAL;
}

}  // namespace

std::string Quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

std::filesystem::path FolderOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path()
                                : std::filesystem::path(".");
}

Reason ReasonOfWrite(int error_number) {
  return error_number == EIO ? Reason::kIoError : ReasonOfWriting(error_number);
}

Result<void> WriteAll(int descriptor, std::uint64_t offset,
                      std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor, bytes.data(), bytes.size(),
                                 static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      const int error_number = put < 0 ? errno : ENOSPC;
      return SystemError(ReasonOfWrite(error_number),
                         "write at byte " + std::to_string(offset),
                         error_number);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

Result<void> ReadAll(int descriptor, std::uint64_t offset,
                     std::span<std::uint8_t> target) {
  while (!target.empty()) {
    const ssize_t got = ::pread(descriptor, target.data(), target.size(),
                                static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return SystemError(Reason::kIoError,
                         "read at byte " + std::to_string(offset),
                         got < 0 ? errno : EIO);
    }
    target = target.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<PendingFile> PendingFile::Create(const std::filesystem::path& path,
                                        mode_t mode) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    return SystemError(Reason::kAlreadyExists, Quoted(path), EEXIST);
  }
  PendingFile file;
  file.path_ = path;
  file.descriptor_ = UniqueFd(
      ::open(FolderOf(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!file.descriptor_.valid() && MeansNoNamelessFiles(errno)) {
    file.partial_ = path;
    file.partial_ += ".partial";
    file.descriptor_ = UniqueFd(
        ::open(file.partial_.c_str(),
               O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.descriptor_.valid()) {
      const int error_number = errno;
      // Not ours, so not ours to remove.
      const std::string name = Quoted(std::exchange(file.partial_, {}));
      return SystemError(ReasonOfWrite(error_number), name, error_number);
    }
  }
  if (!file.descriptor_.valid()) {
    return SystemError(ReasonOfWrite(errno), Quoted(path), errno);
  }
  return file;
}

PendingFile::~PendingFile() {
  if (descriptor_.valid() && !partial_.empty()) {
    (void)::unlink(partial_.c_str());
  }
}

Result<void> PendingFile::Link() const {
  const int linked =
      partial_.empty() ? ::linkat(AT_FDCWD, ProcPath(descriptor_.get()).c_str(),
                                  AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW)
                       : ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD,
                                     path_.c_str(), RENAME_NOREPLACE);
  if (linked != 0) {
    return SystemError(ReasonOfWrite(errno), Quoted(path_), errno);
  }
  return {};
}

Result<void> PendingFile::Commit() {
  if (::fsync(descriptor_.get()) != 0) {
    return SystemError(ReasonOfWrite(errno), Quoted(path_), errno);
  }
  RETURN_IF_ERROR(Link());
  partial_.clear();
  const UniqueFd folder(
      ::open(FolderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) {
    const int error_number = errno;
    // Whoever is told of a failure does not expect the file.
    (void)::unlink(path_.c_str());
    return SystemError(Reason::kIoError,
                       "folder of " + Quoted(path_) + ": sync", error_number);
  }
  return {};
}

Result<UniqueFd> OpenScratchFile(const std::filesystem::path& folder) {
  UniqueFd nameless(
      ::open(folder.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (nameless.valid()) {
    return nameless;
  }
  std::string name = (folder / "tdxvfs-XXXXXX").string();
  UniqueFd named(::mkostemp(name.data(), O_CLOEXEC));  // mode 0600
  if (!named.valid()) {
    return SystemError(ReasonOfWrite(errno),
                       "temporary file in " + Quoted(folder), errno);
  }
  (void)::unlink(name.c_str());
  return named;
}

}  // namespace tdxvfs::image

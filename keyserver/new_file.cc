// SPDX-License-Identifier: Apache-2.0
#include "keyserver/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;

fs::path PartialOf(const fs::path& name) { return name.string() + ".partial"; }

Error FileError(const fs::path& name, int error_number) {
  Reason reason = Reason::kFileUnwritable;
  if (error_number == EEXIST) {
    reason = Reason::kAlreadyExists;
  } else if (error_number == ENOSPC || error_number == EDQUOT) {
    reason = Reason::kNoSpace;
  }
  return SystemError(reason, "write '" + name.string() + "'", error_number);
}

}  // namespace

Result<NewFile> NewFile::Create(const fs::path& name) {
  struct stat status {};
  if (lstat(name.c_str(), &status) == 0) {
    return FileError(name, EEXIST);
  }
  const fs::path partial = PartialOf(name);
  unlink(partial.c_str());
  UniqueFd descriptor(
      open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!descriptor.valid()) {
    return FileError(partial, errno);
  }
  return NewFile(name, std::move(descriptor));
}

NewFile::~NewFile() {
  if (!name_.empty()) {
    unlink(partial().c_str());
  }
}

fs::path NewFile::partial() const { return PartialOf(name_); }

Result<void> NewFile::Write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t size = write(descriptor_.get(), bytes.data(), bytes.size());
    if (size < 0 && errno != EINTR) {
      return FileError(partial(), errno);
    }
    bytes = bytes.subspan(size < 0 ? 0 : static_cast<std::size_t>(size));
  }
  return {};
}

Result<void> NewFile::GiveTo(uid_t user, gid_t group) {
  if (fchown(descriptor_.get(), user, group) != 0) {
    return SystemError(Reason::kPermission, "'" + partial().string() + "'",
                       errno);
  }
  return {};
}

Result<void> NewFile::Keep() {
  const fs::path folder =
      name_.has_parent_path() ? name_.parent_path() : fs::path(".");
  const UniqueFd directory(
      open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || fsync(descriptor_.get()) != 0 ||
      link(partial().c_str(), name_.c_str()) != 0 ||
      fsync(directory.get()) != 0) {
    return FileError(name_, errno);
  }
  return {};
}

}  // namespace tdxvfs::keyserver

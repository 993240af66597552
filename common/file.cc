// SPDX-License-Identifier: Apache-2.0
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "common/sync_directory.h"
#include "common/unique_fd.h"

namespace tdxvfs {
namespace {

std::string Quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

Reason ReasonOfReading(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR
             ? Reason::kFileNotFound
             : Reason::kFileUnreadable;
}

Result<UniqueFd> OpenRegular(const std::filesystem::path& path,
                             struct stat* status) {
  // O_NONBLOCK: a fifo in the place of a file must not hold us up.
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    return SystemError(ReasonOfReading(errno), "read " + Quoted(path), errno);
  }
  if (fstat(file.get(), status) != 0) {
    return SystemError(Reason::kFileUnreadable, "read " + Quoted(path), errno);
  }
  if (!S_ISREG(status->st_mode)) {
    return Error(Reason::kFileInvalid,
                 "read " + Quoted(path) + ": not a regular file");
  }
  return file;
}

Result<std::string> ReadAll(int descriptor, std::size_t max_size,
                            const std::string& name) {
  std::string content;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return SystemError(Reason::kFileUnreadable, "read " + name, errno);
    }
    if (count == 0) {
      return content;
    }
    if (content.size() + static_cast<std::size_t>(count) > max_size) {
      return Error(Reason::kFileInvalid, "read " + name + ": larger than " +
                                             std::to_string(max_size) +
                                             " bytes");
    }
    content.append(block.data(), static_cast<std::size_t>(count));
  }
}

Result<void> WriteAll(int descriptor, std::span<const std::uint8_t> content,
                      const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t count = write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return SystemError(ReasonOfWriting(errno), "write " + Quoted(path),
                         errno);
    }
    content = content.subspan(static_cast<std::size_t>(count));
  }
  if (fsync(descriptor) != 0) {
    return SystemError(ReasonOfWriting(errno), "sync " + Quoted(path), errno);
  }
  return {};
}

// Fills a file that was just made; removes it again on failure.
Result<void> Complete(const UniqueFd& file, const std::filesystem::path& path,
                      std::span<const std::uint8_t> content, mode_t mode) {
  // The mode as asked for, whatever the umask.
  auto done = fchmod(file.get(), mode) == 0
                  ? WriteAll(file.get(), content, path)
                  : SystemError(ReasonOfWriting(errno),
                                "set mode of " + Quoted(path), errno);
  if (!done.has_value()) {
    unlink(path.c_str());
  }
  return done;
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path,
                             std::size_t max_size) {
  struct stat status {};
  ASSIGN_OR_RETURN(const UniqueFd file, OpenRegular(path, &status));
  return ReadAll(file.get(), max_size, Quoted(path));
}

Result<std::string> ReadConfigFile(const std::filesystem::path& path,
                                   std::size_t max_size) {
  struct stat status {};
  auto file = OpenRegular(path, &status);
  if (!file.has_value()) {
    const Error& error = file.error();
    return Error(error.reason() == Reason::kFileNotFound
                     ? Reason::kConfigMissing
                     : Reason::kConfigInvalid,
                 error.message());
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return Error(Reason::kConfigInvalid,
                 Quoted(path) + " belongs to user " +
                     std::to_string(status.st_uid) +
                     ", neither to root nor to this user");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error(Reason::kConfigInvalid,
                 Quoted(path) + " can be written by others; chmod go-w");
  }
  auto content = ReadAll(file->get(), max_size, Quoted(path));
  if (!content.has_value()) {
    return Error(Reason::kConfigInvalid, content.error().message());
  }
  return content;
}

Result<Secret> ReadSecretFile(const std::filesystem::path& path,
                              std::size_t max_size) {
  UniqueFd file;
  int descriptor = STDIN_FILENO;
  if (path != "-") {
    struct stat status {};
    ASSIGN_OR_RETURN(file, OpenRegular(path, &status));
    descriptor = file.get();
  }
  std::size_t used = 0;
  auto buffer = Secret::Filled(
      max_size + 1, [&](std::span<std::uint8_t> bytes) -> Result<void> {
        while (used < bytes.size()) {
          const ssize_t count =
              read(descriptor, &bytes[used], bytes.size() - used);
          if (count < 0 && errno == EINTR) {
            continue;
          }
          if (count < 0) {
            return SystemError(Reason::kFileUnreadable, "read " + Quoted(path),
                               errno);
          }
          if (count == 0) {
            break;
          }
          used += static_cast<std::size_t>(count);
        }
        return {};
      });
  if (!buffer.has_value()) {
    return std::move(buffer).error();
  }
  if (used == 0) {
    return Error(Reason::kFileInvalid, Quoted(path) + " is empty");
  }
  if (used > max_size) {
    return Error(Reason::kFileInvalid, Quoted(path) + " has more than " +
                                           std::to_string(max_size) + " bytes");
  }
  return Secret::CopyOf(buffer->Reveal().first(used));
}

Result<void> WriteNewFile(const std::filesystem::path& path,
                          std::span<const std::uint8_t> content, mode_t mode) {
  const UniqueFd file(open(path.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                           S_IRUSR | S_IWUSR));
  if (!file.valid()) {
    return SystemError(ReasonOfWriting(errno), "create " + Quoted(path), errno);
  }
  RETURN_IF_ERROR(Complete(file, path, content, mode));
  auto synced = SyncDirectoryOf(path);
  if (!synced.has_value()) {
    // Whoever is told of a failure does not expect the file.
    unlink(path.c_str());
  }
  return synced;
}

Result<void> ReplaceFile(const std::filesystem::path& path,
                         std::span<const std::uint8_t> content, mode_t mode) {
  std::string temporary = path.string() + ".new.XXXXXX";
  const UniqueFd file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) {
    return SystemError(ReasonOfWriting(errno), "create " + Quoted(temporary),
                       errno);
  }
  RETURN_IF_ERROR(Complete(file, temporary, content, mode));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    unlink(temporary.c_str());
    return SystemError(ReasonOfWriting(error_number), "replace " + Quoted(path),
                       error_number);
  }
  return SyncDirectoryOf(path);
}

Reason ReasonOfWriting(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return Reason::kFileNotFound;
    case EEXIST:
      return Reason::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Reason::kNoSpace;
    case EACCES:
    case EPERM:
      return Reason::kPermission;
    default:
      return Reason::kFileUnwritable;
  }
}

}  // namespace tdxvfs

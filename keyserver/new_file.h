// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_NEW_FILE_H_
#define TDXVFS_KEYSERVER_NEW_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// A file on its way: its owner's alone, under NAME.partial until Keep gives it
// its name. Removed when destroyed before.
class NewFile {
 public:
  // Fails with kAlreadyExists when NAME is there.
  static Result<NewFile> Create(const std::filesystem::path& name);

  NewFile(NewFile&& other) noexcept
      : name_(std::exchange(other.name_, {})),
        descriptor_(std::move(other.descriptor_)) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  std::filesystem::path partial() const;
  // Fails with kNoSpace or kFileUnwritable.
  Result<void> Write(std::span<const std::uint8_t> bytes);
  // Gives the file itself, whatever its name is by now, to another user. Fails
  // with kPermission.
  Result<void> GiveTo(uid_t user, gid_t group);
  // Syncs file and folder. Fails with kAlreadyExists when NAME appeared.
  Result<void> Keep();

 private:
  NewFile(std::filesystem::path name, UniqueFd descriptor)
      : name_(std::move(name)), descriptor_(std::move(descriptor)) {}

  std::filesystem::path name_;
  UniqueFd descriptor_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_NEW_FILE_H_

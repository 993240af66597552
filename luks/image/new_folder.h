// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_NEW_FOLDER_H_
#define TDXVFS_LUKS_IMAGE_NEW_FOLDER_H_

#include <cstddef>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::image {

// A new folder that gets its name only when it is complete. Until Commit it is
// .NAME.extract-XXXXXX beside it, mode 0700, and is removed with everything in
// it when destroyed; one that a killed process left goes when the next is made.
class NewFolder {
 public:
  // Fails with kAlreadyExists and by ReasonOfWrite.
  static Result<NewFolder> Create(const std::filesystem::path& path);

  NewFolder(NewFolder&& other) noexcept;
  NewFolder& operator=(NewFolder&&) = delete;
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder();

  int descriptor() const { return descriptor_.get(); }

  // The folder below this one that holds a relative path's last name, which
  // goes to `name`. Every step refuses symbolic links, so nobody who writes
  // there meanwhile can lead out of it. An empty path is the folder itself.
  Result<UniqueFd> Parent(const std::string& path, std::string* name);

  // Syncs the file system, gives the folder its name, never replacing one, and
  // syncs the folder that it lies in.
  Result<void> Commit();

 private:
  NewFolder() = default;
  UniqueFd descriptor_;
  std::filesystem::path path_;
  std::filesystem::path partial_;  // empty: nothing to remove
  // The last folders on the way to the one that was asked for last: the next
  // one is most often near, and depth is a stranger's to choose.
  struct Step {
    std::size_t length;  // of its path, the beginning of `stepped_`
    UniqueFd descriptor;
  };
  void KeepStepsTo(std::string_view folder);
  std::string stepped_;
  std::deque<Step> steps_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_NEW_FOLDER_H_

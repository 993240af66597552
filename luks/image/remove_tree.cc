// SPDX-License-Identifier: Apache-2.0
#include "luks/image/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"
#include "luks/image/open_folder.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kAtOnce = 4096;  // names

// The first names in a folder; removing them makes the next ones the first.
std::vector<std::string> SomeNames(int folder) {
  std::vector<std::string> names;
  const int again = ::openat(folder, ".", kFolderFlags);
  const FolderPtr stream(again < 0 ? nullptr : ::fdopendir(again));
  if (stream == nullptr) {
    return names;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
    if (names.size() == kAtOnce) {
      break;
    }
  }
  return names;
}

// A link is left alone: what it leads to is none of ours.
void MakeWritable(int folder, const char* name) {
  (void)!::fchmodat(folder, name, S_IRWXU, AT_SYMLINK_NOFOLLOW);
}

// Folders within folders are moved to the top before they are emptied, so that
// depth, a stranger's to choose, costs neither descriptors nor long paths.
class Removal {
 public:
  explicit Removal(int top) : top_(top) {}

  void Run() {
    bool removed = true;
    while (removed) {
      removed = false;
      for (const std::string& name : SomeNames(top_)) {
        removed |= ::unlinkat(top_, name.c_str(), 0) == 0 || Folder(name);
      }
    }
  }

 private:
  bool Folder(const std::string& name) {
    MakeWritable(top_, name.c_str());
    const UniqueFd folder(::openat(top_, name.c_str(), kFolderFlags));
    bool emptied = folder.valid();
    while (emptied) {
      emptied = false;
      for (const std::string& inside : SomeNames(folder.get())) {
        emptied |= ::unlinkat(folder.get(), inside.c_str(), 0) == 0 ||
                   MoveUp(folder.get(), inside);
      }
    }
    return ::unlinkat(top_, name.c_str(), AT_REMOVEDIR) == 0;
  }

  bool MoveUp(int folder, const std::string& name) {
    // To be moved, a folder must be writable itself.
    MakeWritable(folder, name.c_str());
    int moved = -1;
    do {
      const std::string free = ".tdxvfs-" + std::to_string(next_++);
      moved = ::renameat2(folder, name.c_str(), top_, free.c_str(),
                          RENAME_NOREPLACE);
    } while (moved != 0 && errno == EEXIST);
    return moved == 0;
  }

  int top_;
  std::uint64_t next_ = 0;
};

}  // namespace

void RemoveTree(const std::filesystem::path& folder) {
  MakeWritable(AT_FDCWD, folder.c_str());
  const UniqueFd top(::open(folder.c_str(), kFolderFlags));
  if (top.valid()) {
    Removal(top.get()).Run();
  }
  (void)::rmdir(folder.c_str());
}

}  // namespace tdxvfs::image

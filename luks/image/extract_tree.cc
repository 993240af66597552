// SPDX-License-Identifier: Apache-2.0
#include "luks/image/extract_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "luks/image/new_folder.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr mode_t kWhileMaking = 0700;
constexpr mode_t kSafeMode = 01777;  // without set-user-ID and set-group-ID
constexpr mode_t kAllModes = 07777;
constexpr int kNewFile = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC;

Error Failed(const TreeVisit& visit, int error_number) {
  return SystemError(ReasonOfWrite(error_number), "'" + visit.path + "'",
                     error_number);
}

// Only when it is known to be so.
bool IsDiskFull(int file) {
  struct statvfs disk {};
  return ::fstatvfs(file, &disk) == 0 && disk.f_bavail == 0;
}

// Whether the place, not the disk, is why an attribute cannot be set: ext4 has
// a block for all attributes of a file, and says ENOSPC when they are more; a
// user namespace takes no access control list with users that it does not know.
bool IsNotTaken(std::string_view name, int error_number, int file) {
  return error_number == ENOTSUP ||
         (error_number == ENOSPC && !IsDiskFull(file)) ||
         error_number == E2BIG ||
         (error_number == EINVAL && name.starts_with("system.posix_acl_"));
}

class Extractor {
 public:
  Extractor(TreeReader* reader, NewFolder* folder,
            const PieceProgress* progress, const std::function<bool()>* stop)
      : reader_(reader), folder_(folder), progress_(progress), stop_(stop) {}

  Result<void> Visit(const TreeVisit& visit) {
    RETURN_IF_ERROR(CheckStop());
    if (visit.path.empty()) {
      folders_.push_back(visit);
      return {};
    }
    ++done_.names;
    std::string name;
    ASSIGN_OR_RETURN(const UniqueFd parent, folder_->Parent(visit.path, &name));
    if (!visit.first.empty()) {
      return Link(visit, parent.get(), name);
    }
    if (S_ISDIR(visit.node.mode)) {
      folders_.push_back(visit);
      return ::mkdirat(parent.get(), name.c_str(), kWhileMaking) == 0
                 ? Result<void>()
                 : Failed(visit, errno);
    }
    if (S_ISREG(visit.node.mode)) {
      return File(visit, parent.get(), name);
    }
    return Other(visit, parent.get(), name);
  }

  // Modes and times of folders come last, since filling them changes both.
  Result<Extraction> Finish() {
    for (auto visit = folders_.rbegin(); visit != folders_.rend(); ++visit) {
      std::string name;
      ASSIGN_OR_RETURN(const UniqueFd parent,
                       folder_->Parent(visit->path, &name));
      const UniqueFd folder(
          ::openat(parent.get(), name.empty() ? "." : name.c_str(),
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!folder.valid()) {
        return Failed(*visit, errno);
      }
      RETURN_IF_ERROR(Dress(*visit, folder.get()));
    }
    return done_;
  }

 private:
  Result<void> CheckStop() const {
    return *stop_ && (*stop_)() ? Error(Reason::kStopped, "stopped")
                                : Result<void>();
  }

  Result<void> Link(const TreeVisit& visit, int parent,
                    const std::string& name) {
    std::string first;
    ASSIGN_OR_RETURN(const UniqueFd from, folder_->Parent(visit.first, &first));
    return ::linkat(from.get(), first.c_str(), parent, name.c_str(), 0) == 0
               ? Result<void>()
               : Failed(visit, errno);
  }

  Result<void> File(const TreeVisit& visit, int parent,
                    const std::string& name) {
    const UniqueFd file(::openat(parent, name.c_str(), kNewFile, 0600));
    if (!file.valid() ||
        ::ftruncate(file.get(), static_cast<off_t>(visit.node.size)) != 0) {
      return Failed(visit, errno);
    }
    const auto write =
        [&](std::uint64_t offset,
            std::span<const std::uint8_t> bytes) -> Result<void> {
      RETURN_IF_ERROR(CheckStop());
      RETURN_IF_ERROR(
          WriteAll(file.get(), offset, bytes).Context("'" + visit.path + "'"));
      done_.bytes += bytes.size();
      if (*progress_) {
        (*progress_)(std::min(done_.bytes, reader_->size()), reader_->size());
      }
      return {};
    };
    RETURN_IF_ERROR(reader_->Content(visit.node, write));
    return Dress(visit, file.get());
  }

  // What has no content and no descriptor: symbolic links and fifos.
  Result<void> Other(const TreeVisit& visit, int parent,
                     const std::string& name) {
    if (S_ISLNK(visit.node.mode)) {
      ASSIGN_OR_RETURN(const std::string target,
                       reader_->LinkTarget(visit.node));
      if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
        return Failed(visit, errno);
      }
    } else if (::mkfifoat(parent, name.c_str(), 0600) != 0) {
      return Failed(visit, errno);
    }
    ASSIGN_OR_RETURN([[maybe_unused]] const bool is_owned,
                     GiveTo(visit, parent, name, AT_SYMLINK_NOFOLLOW));
    // Symbolic links have no mode; nobody else can put one here for the fifo,
    // since the folder is ours alone until it is complete.
    if (S_ISFIFO(visit.node.mode) &&
        ::fchmodat(parent, name.c_str(), visit.node.mode & kSafeMode, 0) != 0) {
      return Failed(visit, errno);
    }
    const auto times = Times(visit.node);
    return ::utimensat(parent, name.c_str(), times.data(),
                       AT_SYMLINK_NOFOLLOW) == 0
               ? Result<void>()
               : Failed(visit, errno);
  }

  static std::array<timespec, 2> Times(const TreeNode& node) {
    const timespec modified{static_cast<time_t>(node.modified),
                            static_cast<long>(node.modified_rest)};
    return {modified, modified};
  }

  // Whether the file now has the owner that it had. Root of a container may
  // give files to nobody, or only to the users that its namespace knows.
  Result<bool> GiveTo(const TreeVisit& visit, int folder,
                      const std::string& name, int flags) {
    if (::geteuid() != 0) {
      return false;
    }
    if (::fchownat(folder, name.c_str(), visit.node.user, visit.node.group,
                   flags) == 0) {
      return true;
    }
    if (errno != EINVAL && errno != EPERM) {
      return Failed(visit, errno);
    }
    ++done_.owners_lost;
    return false;
  }

  // Attributes, owner, mode and times, in the order in which none undoes
  // another.
  Result<void> Dress(const TreeVisit& visit, int descriptor) {
    ASSIGN_OR_RETURN(const SourceAttributes attributes,
                     reader_->Attributes(visit.node));
    for (const auto& [name, value] : attributes) {
      if (::fsetxattr(descriptor, name.c_str(), value.data(), value.size(),
                      0) == 0) {
        continue;
      }
      const int error_number = errno;
      if (!IsNotTaken(name, error_number, descriptor)) {
        return Failed(visit, error_number);
      }
      ++done_.attributes_lost;
    }
    ASSIGN_OR_RETURN(const bool is_owned,
                     GiveTo(visit, descriptor, "", AT_EMPTY_PATH));
    const auto times = Times(visit.node);
    if (::fchmod(descriptor,
                 visit.node.mode & (is_owned ? kAllModes : kSafeMode)) != 0 ||
        ::futimens(descriptor, times.data()) != 0) {
      return Failed(visit, errno);
    }
    return {};
  }

  TreeReader* reader_;
  NewFolder* folder_;
  const PieceProgress* progress_;
  const std::function<bool()>* stop_;
  Extraction done_;
  std::vector<TreeVisit> folders_;
};

}  // namespace

Result<Extraction> ExtractTree(TreeReader* reader,
                               const std::filesystem::path& target,
                               const PieceProgress& progress,
                               const std::function<bool()>& stop) {
  ASSIGN_OR_RETURN(NewFolder folder, NewFolder::Create(target));
  Extractor extractor(reader, &folder, &progress, &stop);
  RETURN_IF_ERROR(reader->Walk(
      [&extractor](const TreeVisit& visit) { return extractor.Visit(visit); }));
  ASSIGN_OR_RETURN(const Extraction done, extractor.Finish());
  RETURN_IF_ERROR(folder.Commit());
  return done;
}

}  // namespace tdxvfs::image

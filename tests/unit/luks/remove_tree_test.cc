// SPDX-License-Identifier: Apache-2.0
#include "luks/image/remove_tree.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "common/unique_fd.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::MakeModel;
using testing::Slurp;
using testing::Spill;
using testing::TemporaryFolder;

namespace fs = std::filesystem;

// Few descriptors, as long as it lives.
class FewDescriptors {
 public:
  FewDescriptors() {
    (void)::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 32;
    (void)::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(RemoveTree, DepthCostsNoDescriptorsAndNoPaths) {
  const TemporaryFolder folder;
  const fs::path top = folder.path() / "top";
  fs::create_directory(top);
  UniqueFd at(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int depth = 0; depth < 3000; ++depth) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0700), 0);
    UniqueFd next(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(next.valid());
    at = std::move(next);
  }
  at = UniqueFd();
  {
    const FewDescriptors few;
    RemoveTree(top);
  }
  EXPECT_FALSE(fs::exists(top));
}

TEST(RemoveTree, UnwritableFoldersAndManyNamesGo) {
  const TemporaryFolder folder;
  const fs::path top = folder.path() / "top";
  MakeModel(top, 1000);
  fs::create_directories(top / "a/b/c");
  fs::create_directories(top / ".tdxvfs-0/.tdxvfs-1");
  Spill(top / "a/b/c/file", "x");
  for (int i = 0; i < 5000; ++i) {
    Spill(top / "a" / std::to_string(i), "");
  }
  for (const char* name : {"a/b/c", "a/b", "a"}) {
    fs::permissions(top / name, fs::perms::none);
  }
  RemoveTree(top);
  EXPECT_FALSE(fs::exists(top));
}

TEST(RemoveTree, LinksAreNotFollowed) {
  const TemporaryFolder folder;
  const fs::path top = folder.path() / "top";
  fs::create_directories(top / "in");
  fs::create_directory(folder.path() / "outside");
  Spill(folder.path() / "outside/file", "stays");
  fs::create_directory_symlink(folder.path() / "outside", top / "link");
  fs::create_directory_symlink(folder.path() / "outside", top / "in/link");
  RemoveTree(top);
  EXPECT_FALSE(fs::exists(top));
  EXPECT_EQ(Slurp(folder.path() / "outside/file"), "stays");
}

// Root may remove what it likes: this needs a user who may not.
TEST(RemoveTree, AnUnwritableTopGoesAndWhatItsLinksLeadToStays) {
  constexpr uid_t nobody = 65534;
  const TemporaryFolder folder;
  const fs::path top = folder.path() / "top";
  const fs::path outside = folder.path() / "outside";
  fs::create_directory(top);
  Spill(outside, "stays");
  fs::create_symlink(outside, top / "link");
  ASSERT_EQ(::chmod(outside.c_str(), 0640), 0);
  ASSERT_EQ(::chmod(top.c_str(), 0555), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::geteuid() == 0) {
      const bool given = ::chown(folder.path().c_str(), nobody, nobody) == 0 &&
                         ::chown(outside.c_str(), nobody, nobody) == 0 &&
                         ::chown(top.c_str(), nobody, nobody) == 0;
      if (!given || ::setuid(nobody) != 0) {
        ::_exit(2);
      }
    }
    RemoveTree(top);
    ::_exit(fs::exists(top) ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  struct stat left {};
  ASSERT_EQ(::stat(outside.c_str(), &left), 0);
  EXPECT_EQ(left.st_mode & 07777U, 0640U);
}

}  // namespace
}  // namespace tdxvfs::image

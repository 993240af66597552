// SPDX-License-Identifier: Apache-2.0
#include "luks/image/diff_trees.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "luks/image/erofs_tree.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::ErofsOf;
using testing::Fails;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TextSource;

namespace fs = std::filesystem;

class DiffTreesTest : public ::testing::Test {
 protected:
  DiffTreesTest() {
    for (const auto& root : {A(), B()}) {
      fs::create_directories(root / "sub");
      Spill(root / "f", std::string(70'000, 'f'));
      Spill(root / "sub" / "g", "g");
      fs::create_symlink("f", root / "l");
      fs::create_hard_link(root / "f", root / "h");
    }
    SameTimes();
  }
  fs::path A() const { return folder_.path() / "a"; }
  fs::path B() const { return folder_.path() / "b"; }
  // Every time is the epoch's first second, but those set afterwards.
  void SameTimes() const {
    for (const auto& root : {A(), B()}) {
      SetTime(root, 1);
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        SetTime(entry.path(), 1);
      }
    }
  }
  static void SetTime(const fs::path& path, time_t seconds) {
    const std::array<timespec, 2> times{{{seconds, 0}, {seconds, 0}}};
    EXPECT_EQ(
        ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW),
        0);
  }
  // "changed f: content" and the like, in order.
  std::vector<std::string> Diff() const {
    TextSource first(ErofsOf(A()));
    TextSource second(ErofsOf(B()));
    auto before = ErofsTree::Open(&first);
    auto after = ErofsTree::Open(&second);
    const auto differences = DiffTrees(before->get(), after->get(), nullptr);
    EXPECT_THAT(differences, Succeeds());
    std::vector<std::string> lines;
    for (const TreeDifference& difference : *differences) {
      std::string line = difference.kind == TreeDifference::Kind::kAdded ? "+ "
                         : difference.kind == TreeDifference::Kind::kRemoved
                             ? "- "
                             : "! ";
      line += difference.path;
      for (const auto word : difference.what) {
        line += " " + std::string(word);
      }
      lines.push_back(line);
    }
    return lines;
  }
  using Lines = std::vector<std::string>;
  TemporaryFolder folder_;
};

TEST_F(DiffTreesTest, EqualTreesDoNotDiffer) { EXPECT_EQ(Diff(), Lines()); }

TEST_F(DiffTreesTest, PathsWithoutEndAreRefused) {
  TextSource source(ErofsOf(A()));
  ASSERT_OK_AND_ASSIGN(const auto tree, ErofsTree::Open(&source));
  // "f", "l", "sub", "sub/g" and "h", one of "f" and "h" naming the other.
  EXPECT_THAT(DiffTrees(tree.get(), tree.get(), nullptr, 12), Succeeds());
  EXPECT_THAT(DiffTrees(tree.get(), tree.get(), nullptr, 11),
              Fails(Reason::kFileInvalid));
}

TEST_F(DiffTreesTest, AddedAndRemovedNamesAreTold) {
  fs::create_directory(B() / "new");
  Spill(B() / "new" / "x", "x");
  fs::remove(B() / "sub" / "g");
  SameTimes();
  EXPECT_EQ(Diff(), (Lines{"+ new", "+ new/x", "- sub/g"}));
}

// In byte order, "sub-a" stands between "sub" and what is in it.
TEST_F(DiffTreesTest, NamesBesideAFolderAreNotMixedUpWithThoseInIt) {
  for (const char* name : {"0", "sub-a", "sub/h", "subz"}) {
    Spill(A() / name, name);
  }
  for (const char* name : {"sub-b", "sub/a", "sub/h"}) {
    Spill(B() / name, name);
  }
  SameTimes();
  EXPECT_EQ(Diff(), (Lines{"- 0", "- sub-a", "+ sub-b", "+ sub/a", "- subz"}));
}

TEST_F(DiffTreesTest, EachKindOfChangeIsTold) {
  Spill(B() / "f", std::string(69'999, 'f') + "F");
  Spill(B() / "sub" / "g", "longer");
  fs::remove(B() / "l");
  fs::create_symlink("sub", B() / "l");
  ASSERT_EQ(::chmod((B() / "sub").c_str(), 0700), 0);
  SameTimes();
  SetTime(B() / "sub" / "g", 2);
  EXPECT_EQ(Diff(), (Lines{"! f content", "! l target", "! sub mode",
                           "! sub/g content time"}));
}

TEST_F(DiffTreesTest, AnotherKindIsOneChange) {
  fs::remove(B() / "sub" / "g");
  fs::create_directory(B() / "sub" / "g");
  SameTimes();
  EXPECT_EQ(Diff(), (Lines{"! sub/g kind"}));
}

TEST_F(DiffTreesTest, ACopyInsteadOfAHardLinkIsTold) {
  fs::remove(B() / "h");
  Spill(B() / "h", std::string(70'000, 'f'));
  SameTimes();
  EXPECT_EQ(Diff(), (Lines{"! h links"}));
}

TEST_F(DiffTreesTest, TheRootIsADot) {
  ASSERT_EQ(::chmod(B().c_str(), 0700), 0);
  SameTimes();
  EXPECT_EQ(Diff(), (Lines{"! . mode"}));
}

}  // namespace
}  // namespace tdxvfs::image

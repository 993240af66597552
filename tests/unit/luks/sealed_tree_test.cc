// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_tree.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "luks/image/diff_trees.h"
#include "luks/image/extract_tree.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::Pack;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::Tree;

namespace fs = std::filesystem;

// Volumes as 'pack' makes them, read back by their owner.
class SealedTreeTest : public ::testing::TestWithParam<const char*> {
 protected:
  SealedTreeTest() {
    MakeModel(Source(), 3'000'001);
    fs::create_hard_link(Source() / "config.json", Source() / "1" / "second");
    Spill(Source() / "sparse", "head");
    fs::resize_file(Source() / "sparse", 3'000'000);
    EXPECT_EQ(::chmod((Source() / "1").c_str(), 0750), 0);
  }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Image() const { return folder_.path() / "image"; }
  fs::path Out() const { return folder_.path() / "out"; }
  // Of all that lies beside the image, what is not complete included.
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  static Result<SealedTree> Open(const fs::path& path,
                                 const Manifest& manifest) {
    ASSIGN_OR_RETURN(SealedImage image,
                     SealedImage::Open(path, manifest, SecretOf(kPassphrase)));
    return SealedTree::Open(std::move(image), manifest.file_system);
  }
  Result<Extraction> Extract(const Manifest& manifest) const {
    ASSIGN_OR_RETURN(const SealedTree tree, Open(Image(), manifest));
    return ExtractTree(tree.reader(), Out(), nullptr);
  }
  static struct stat Status(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  TemporaryFolder folder_;
};

TEST_P(SealedTreeTest, AModelComesBack) {
  const bool tagged = ::setxattr((Source() / "config.json").c_str(), "user.tag",
                                 "yes", 3, 0) == 0;
  ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                       Pack(Source(), Image(), GetParam()));
  ASSERT_THAT(Extract(manifest), Succeeds());
  EXPECT_TRUE(Tree(Out()) == Tree(Source()));
  EXPECT_EQ(Status(Out() / "config.json").st_ino,
            Status(Out() / "1" / "second").st_ino);
  EXPECT_LT(Status(Out() / "sparse").st_blocks, 1'000);
  for (const char* name : {"1", "config.json", "sparse"}) {
    EXPECT_EQ(Status(Out() / name).st_mode, Status(Source() / name).st_mode)
        << name;
    EXPECT_EQ(Status(Out() / name).st_mtim.tv_sec,
              Status(Source() / name).st_mtim.tv_sec)
        << name;
  }
  if (tagged) {
    std::string value(8, '\0');
    EXPECT_EQ(::getxattr((Out() / "config.json").c_str(), "user.tag",
                         value.data(), value.size()),
              3);
  }
}

TEST_P(SealedTreeTest, HoldsTheSameFilesAsErofs) {
  const fs::path other = folder_.path() / "erofs";
  ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                       Pack(Source(), Image(), GetParam()));
  ASSERT_OK_AND_ASSIGN(const SealedTree tree, Open(Image(), manifest));
  ASSERT_OK_AND_ASSIGN(const Manifest erofs, Pack(Source(), other));
  ASSERT_OK_AND_ASSIGN(const SealedTree theirs, Open(other, erofs));
  ASSERT_OK_AND_ASSIGN(const auto differences,
                       DiffTrees(theirs.reader(), tree.reader(), nullptr));
  if (GetParam() == std::string_view("erofs")) {
    EXPECT_THAT(differences, ::testing::IsEmpty());
    return;
  }
  for (const TreeDifference& difference : differences) {
    // mke2fs and squashfs know whole seconds only.
    EXPECT_EQ(difference.what, std::vector<std::string_view>{"time"})
        << difference.path;
  }
}

TEST_P(SealedTreeTest, D5_ADamagedImageLeavesNothing) {
  ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                       Pack(Source(), Image(), GetParam()));
  const std::string good = Slurp(Image());
  const auto names = Names();
  // Somewhere in the data, and the superblock.
  for (const std::size_t at : {std::size_t{1'500'000}, std::size_t{1'030}}) {
    std::string content = good;
    content[manifest.header_size + at] ^= 1;
    Spill(Image(), content);
    EXPECT_THAT(Extract(manifest), Fails(Reason::kImageCorrupt)) << at;
    EXPECT_EQ(Names(), names) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SealedTreeTest,
                         ::testing::Values("erofs", "ext4", "squashfs"),
                         [](const auto& tested) {
                           return std::string(tested.param);
                         });

}  // namespace
}  // namespace tdxvfs::image

// SPDX-License-Identifier: Apache-2.0
#include "luks/image/extract_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "luks/image/erofs_tree.h"
#include "luks/image/sealed_image.h"
#include "luks/image/verified_reader.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::ErofsOf;
using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::RunTool;
using testing::Seal;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TextSource;
using testing::ToolResult;
using testing::Tree;

namespace fs = std::filesystem;

class ExtractTreeTest : public ::testing::Test {
 protected:
  ExtractTreeTest() { fs::create_directory(Source()); }
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Out() const { return folder_.path() / "out"; }
  Result<Extraction> Extract(TextSource* source) const {
    ASSIGN_OR_RETURN(const auto reader, ErofsTree::Open(source));
    return ExtractTree(reader.get(), Out(), nullptr);
  }
  Result<Extraction> Extract() const {
    TextSource source(ErofsOf(Source()));
    return Extract(&source);
  }
  void ExpectComesBack() const {
    ASSERT_THAT(Extract(), Succeeds());
    EXPECT_TRUE(Tree(Out()) == Tree(Source()));
  }
  // What a failure leaves beside the source.
  std::size_t Leftovers() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      count += entry.path() == Source() ? 0U : 1U;
    }
    return count;
  }
  static struct stat Status(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  TemporaryFolder folder_;
};

TEST_F(ExtractTreeTest, AModelComesBack) {
  MakeModel(Source(), 3'000'001);
  ExpectComesBack();
}

TEST_F(ExtractTreeTest, AnEmptyFolderComesBack) { ExpectComesBack(); }

TEST_F(ExtractTreeTest, TheSameAsFsckErofsExtracts) {
  MakeModel(Source(), 1'000'001);
  for (const int count : {1, 60, 61, 62, 63, 130, 131, 2000}) {
    const fs::path folder = Source() / std::to_string(count);
    fs::create_directory(folder);
    for (int i = 0; i < count; ++i) {
      Spill(folder / (std::to_string(i) + std::string(50, 'n')), "");
    }
  }
  for (const std::size_t size :
       {1U, 63U, 64U, 1000U, 4000U, 4031U, 4032U, 4033U, 4095U}) {
    fs::create_symlink(std::string(size, 't'),
                       Source() / ("l" + std::to_string(size)));
    Spill(Source() / ("f" + std::to_string(size)), std::string(size, 'x'));
  }
  for (const char* name : {"!", "-x", ".hidden", "..two", " ", "\xff\xfe",
                           "new\nline", "\xc3\xa4"}) {
    Spill(Source() / name, name);
  }
  const fs::path image = folder_.path() / "image";
  Spill(image, ErofsOf(Source()));
  const fs::path theirs = folder_.path() / "theirs";
  const ToolResult checked =
      RunTool({"fsck.erofs", "--extract=" + theirs.string(), image.string()});
  ASSERT_EQ(checked.exit_code, 0) << checked.output;
  ASSERT_THAT(Extract(), Succeeds());
  EXPECT_TRUE(Tree(Out()) == Tree(theirs));
  EXPECT_TRUE(Tree(Out()) == Tree(Source()));
}

// "." and ".." take 27 bytes, a name of 116 with its entry 128: one more name
// of 89 bytes beside 31 of them fills the first block, and so on. Each folder
// misses a boundary by a byte or meets it.
TEST_F(ExtractTreeTest, FoldersAroundBlockBoundariesComeBack) {
  for (const int count : {30, 31, 32, 33, 62, 63, 64, 65}) {
    for (const std::size_t last :
         {86U, 88U, 89U, 90U, 100U, 101U, 102U, 255U}) {
      const fs::path folder =
          Source() / (std::to_string(count) + "-" + std::to_string(last));
      fs::create_directory(folder);
      for (int i = 0; i < count; ++i) {
        Spill(folder / (std::to_string(100 + i) + std::string(113, 'n')), "");
      }
      Spill(folder / std::string(last, 'z'), "");
    }
  }
  const fs::path image = folder_.path() / "image";
  Spill(image, ErofsOf(Source()));
  const fs::path theirs = folder_.path() / "theirs";
  const ToolResult checked =
      RunTool({"fsck.erofs", "--extract=" + theirs.string(), image.string()});
  ASSERT_EQ(checked.exit_code, 0) << checked.output;
  ASSERT_THAT(Extract(), Succeeds());
  EXPECT_TRUE(Tree(Out()) == Tree(theirs));
  EXPECT_TRUE(Tree(Out()) == Tree(Source()));
}

TEST_F(ExtractTreeTest, DeepFoldersComeBack) {
  fs::path deep = Source();
  for (int i = 0; i < 300; ++i) {
    deep /= "d";
  }
  fs::create_directories(deep);
  Spill(deep / "leaf", "leaf");
  ExpectComesBack();
}

TEST_F(ExtractTreeTest, HolesStayHoles) {
  {
    std::ofstream file(Source() / "large", std::ios::binary);
    file.write("begin", 5);
    file.seekp(5'000'000'000);
    file.write("end", 3);
  }
  Spill(Source() / "tail", "head");
  fs::resize_file(Source() / "tail", 10'000'000);
  ASSERT_THAT(Extract(), Succeeds());
  EXPECT_EQ(fs::file_size(Out() / "large"), 5'000'000'003U);
  EXPECT_LT(Status(Out() / "large").st_blocks, 1000);
  EXPECT_TRUE(Slurp(Out() / "tail") == Slurp(Source() / "tail"));
  EXPECT_LT(Status(Out() / "tail").st_blocks, 1000);
  std::ifstream file(Out() / "large", std::ios::binary);
  std::array<char, 5> text{};
  file.read(text.data(), 5);
  EXPECT_EQ(std::string(text.data(), 5), "begin");
  file.seekg(5'000'000'000);
  file.read(text.data(), 3);
  EXPECT_EQ(std::string(text.data(), 3), "end");
}

TEST_F(ExtractTreeTest, HardLinksModesAndTimesComeBack) {
  Spill(Source() / "a", std::string(200'000, 'a'));
  fs::create_directory(Source() / "sub");
  fs::create_hard_link(Source() / "a", Source() / "sub" / "b");
  ASSERT_EQ(::mkfifo((Source() / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(::chmod((Source() / "a").c_str(), 0640), 0);
  ASSERT_EQ(::chmod((Source() / "sub").c_str(), 0500), 0);
  const std::array<timespec, 2> times{{{1, 0}, {1'500'000'000, 5}}};
  for (const char* name : {"a", "sub", "fifo"}) {
    ASSERT_EQ(::utimensat(AT_FDCWD, (Source() / name).c_str(), times.data(), 0),
              0);
  }
  ASSERT_THAT(Extract(), Succeeds());
  EXPECT_EQ(Status(Out() / "a").st_ino, Status(Out() / "sub" / "b").st_ino);
  EXPECT_EQ(Status(Out() / "a").st_mode, S_IFREG | 0640U);
  EXPECT_EQ(Status(Out() / "sub").st_mode, S_IFDIR | 0500U);
  EXPECT_TRUE(S_ISFIFO(Status(Out() / "fifo").st_mode));
  for (const char* name : {"a", "sub", "fifo"}) {
    EXPECT_EQ(Status(Out() / name).st_mtim.tv_sec, 1'500'000'000) << name;
    EXPECT_EQ(Status(Out() / name).st_mtim.tv_nsec, 5) << name;
    EXPECT_EQ(Status(Out() / name).st_uid, Status(Source() / name).st_uid);
  }
}

TEST_F(ExtractTreeTest, AttributesComeBack) {
  Spill(Source() / "f", "x");
  if (::setxattr((Source() / "f").c_str(), "user.a", "1\0002", 3, 0) != 0) {
    GTEST_SKIP() << "no extended attributes in " << Source();
  }
  ASSERT_EQ(::setxattr(Source().c_str(), "user.root", "yes", 3, 0), 0);
  ASSERT_THAT(Extract(), Succeeds());
  std::array<char, 8> value{};
  EXPECT_EQ(::getxattr((Out() / "f").c_str(), "user.a", value.data(), 8), 3);
  EXPECT_EQ(std::string(value.data(), 3), std::string("1\0002", 3));
  EXPECT_EQ(::getxattr(Out().c_str(), "user.root", value.data(), 8), 3);
}

// ext4 has one block for all attributes of a file, other file systems more.
TEST_F(ExtractTreeTest, AttributesThatTheTargetHasNoRoomForAreCounted) {
  Spill(Source() / "f", "content");
  ASSERT_OK_AND_ASSIGN(SourceTree tree, ScanSource(Source()));
  const std::uint32_t file = tree.nodes[0].entries[0].node;
  for (int i = 0; i < 1000; ++i) {
    tree.attributes[file]["user." + std::to_string(i)] = std::string(50, 'v');
  }
  TextSource source(ErofsOf(tree));
  const Result<Extraction> done = Extract(&source);
  ASSERT_THAT(done, Succeeds());
  EXPECT_EQ(Slurp(Out() / "f"), "content");
  const ssize_t kept = ::listxattr((Out() / "f").c_str(), nullptr, 0);
  EXPECT_TRUE((done->attributes_lost == 0) == (kept > 5000));
}

// A small ext4 of its own, gone with the object.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& folder) : place_(folder / "disk") {
    const fs::path image = folder / "disk.img";
    fs::create_directory(place_);
    is_mounted_ =
        RunTool({"mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-m", "0",
                 image.string(), "4M"})
                .exit_code == 0 &&
        RunTool({"mount", "-o", "loop", image.string(), place_.string()})
                .exit_code == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (is_mounted_) {
      EXPECT_EQ(RunTool({"umount", place_.string()}).exit_code, 0);
    }
  }
  bool is_mounted() const { return is_mounted_; }
  const fs::path& place() const { return place_; }
  void Fill() const {
    std::ofstream file(place_ / "filler", std::ios::binary | std::ios::app);
    while (file.write(std::string(1024, 'x').data(), 1024).flush()) {
    }
  }

 private:
  fs::path place_;
  bool is_mounted_ = false;
};

// The same error number, but on another disk the attribute would be kept.
TEST_F(ExtractTreeTest, D9_AnAttributeThatADiskIsTooFullForIsNoLoss) {
  const SmallDisk disk(folder_.path());
  if (!disk.is_mounted()) {
    GTEST_SKIP() << "needs root and loop devices";
  }
  Spill(Source() / "f", "content");
  ASSERT_OK_AND_ASSIGN(SourceTree tree, ScanSource(Source()));
  const std::uint32_t file = tree.nodes[0].entries[0].node;
  for (const bool is_full : {false, true}) {
    // Of one value, files share one block.
    tree.attributes[file]["user.large"] = std::string(500, is_full ? 'f' : 'e');
    TextSource source(ErofsOf(tree));
    ASSERT_OK_AND_ASSIGN(const auto reader, ErofsTree::Open(&source));
    const auto done =
        ExtractTree(reader.get(), disk.place() / (is_full ? "full" : "empty"),
                    [&](std::uint64_t, std::uint64_t) {
                      if (is_full) {
                        disk.Fill();
                      }
                    });
    if (is_full) {
      EXPECT_THAT(done, Fails(Reason::kNoSpace));
    } else {
      ASSERT_THAT(done, Succeeds());
      EXPECT_EQ(done->attributes_lost, 0U);
    }
  }
}

// Root of a user namespace that knows no other user: what a container is.
TEST_F(ExtractTreeTest, OwnersThatANamespaceDoesNotKnowAreCounted) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root owns files of others";
  }
  for (const char* name : {"mine", "theirs"}) {
    Spill(Source() / name, name);
    ASSERT_EQ(::chmod((Source() / name).c_str(), 04755), 0);
  }
  ASSERT_EQ(::lchown((Source() / "theirs").c_str(), 12345, 12345), 0);
  ASSERT_EQ(::chmod((Source() / "theirs").c_str(), 04755), 0);
  fs::create_symlink("x", Source() / "link");
  ASSERT_EQ(::lchown((Source() / "link").c_str(), 12345, 12345), 0);
  TextSource source(ErofsOf(Source()));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) {
      ::_exit(77);
    }
    Spill("/proc/self/setgroups", "deny");
    Spill("/proc/self/uid_map", "0 0 1");
    Spill("/proc/self/gid_map", "0 0 1");
    const Result<Extraction> done = Extract(&source);
    ::_exit(done.has_value() ? static_cast<int>(done->owners_lost) : 99);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "no user namespaces here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_EQ(Status(Out() / "theirs").st_uid, 0U);
  EXPECT_EQ(Status(Out() / "theirs").st_mode & 07777U, 0755U);
  EXPECT_EQ(Status(Out() / "mine").st_mode & 07777U, 04755U);
}

// What was made by then is a model in the clear.
TEST_F(ExtractTreeTest, WhoStopsItFindsNothing) {
  MakeModel(Source(), 3'000'001);
  TextSource source(ErofsOf(Source()));
  ASSERT_OK_AND_ASSIGN(const auto reader, ErofsTree::Open(&source));
  for (const int after : {0, 1, 3}) {
    int asked = 0;
    EXPECT_THAT(ExtractTree(reader.get(), Out(), nullptr,
                            [&] { return asked++ == after; }),
                Fails(Reason::kStopped));
    EXPECT_EQ(asked, after + 1);
    EXPECT_EQ(Leftovers(), 0U);
  }
}

TEST_F(ExtractTreeTest, NothingIsReplaced) {
  fs::create_directory(Out());
  EXPECT_THAT(Extract(), Fails(Reason::kAlreadyExists));
  fs::remove(Out());
  fs::create_symlink("/nowhere", Out());
  EXPECT_THAT(Extract(), Fails(Reason::kAlreadyExists));
}

TEST_F(ExtractTreeTest, D5_ADamagedBlockLeavesNothing) {
  MakeModel(Source(), 3'000'001);
  const fs::path image = folder_.path() / "image";
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, Seal(ErofsOf(Source()), image));
  const auto extract = [&]() -> Result<Extraction> {
    ASSIGN_OR_RETURN(const SealedImage sealed,
                     SealedImage::Open(image, manifest, SecretOf(kPassphrase)));
    ASSIGN_OR_RETURN(const auto source, VerifiedReader::Create(&sealed));
    ASSIGN_OR_RETURN(const auto reader, ErofsTree::Open(source.get()));
    return ExtractTree(reader.get(), Out(), nullptr);
  };
  ASSERT_THAT(extract(), Succeeds());
  EXPECT_TRUE(Tree(Out()) == Tree(Source()));
  fs::remove_all(Out());
  std::string content = Slurp(image);
  content[manifest.header_size + 2'000'000] ^= 1;
  Spill(image, content);
  EXPECT_THAT(extract(), Fails(Reason::kImageCorrupt));
  EXPECT_EQ(Leftovers(), 1U);  // the image
}

// Images that only a packer of another mind can make: the root hash would be
// right, so nothing but the reader stands between them and the disk.
TEST_F(ExtractTreeTest, ANameThatLeadsOutIsRefused) {
  const std::string marker = "NAMENAME";
  Spill(Source() / marker, "x");
  const std::string good = ErofsOf(Source());
  for (const char* name : {"../../ab", "/etc/abc", "a/b/c/d/", "..\0xxxxx"}) {
    std::string image = good;
    const std::size_t at = image.find(marker);
    ASSERT_NE(at, std::string::npos);
    image.replace(at, marker.size(), std::string(name, marker.size()));
    TextSource source(image);
    EXPECT_THAT(Extract(&source), Fails(Reason::kImageCorrupt)) << name;
    EXPECT_EQ(Leftovers(), 0U);
  }
}

TEST_F(ExtractTreeTest, ALinkOutOfTheFolderIsMadeAndNotFollowed) {
  const fs::path victim = folder_.path() / "victim";
  fs::create_directory(victim);
  fs::create_symlink(victim, Source() / "a");
  fs::create_symlink("../victim", Source() / "b");
  ExpectComesBack();
  EXPECT_TRUE(fs::is_empty(victim));
}

TEST_F(ExtractTreeTest, AMissingFolderAboveIsSaidSo) {
  TextSource source(ErofsOf(Source()));
  ASSERT_OK_AND_ASSIGN(const auto reader, ErofsTree::Open(&source));
  EXPECT_THAT(
      ExtractTree(reader.get(), folder_.path() / "none" / "out", nullptr),
      Fails(Reason::kFileNotFound));
}

}  // namespace
}  // namespace tdxvfs::image

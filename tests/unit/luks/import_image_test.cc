// SPDX-License-Identifier: Apache-2.0
#include "luks/image/import_image.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "luks/image/erofs_tree.h"
#include "luks/image/extract_tree.h"
#include "luks/image/sealed_image.h"
#include "luks/image/verified_reader.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/foreign_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::DataOffsetOf;
using testing::EditExt4;
using testing::Fails;
using testing::ForeignFormat;
using testing::kOldPassphrase;
using testing::Luks1;
using testing::Luks2;
using testing::MakeModel;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::ToolResult;
using testing::Tree;
using testing::Words;

namespace fs = std::filesystem;

constexpr std::string_view kNewPassphrase = "new passphrase";

class ImportImageTest : public ::testing::Test {
 protected:
  fs::path Source() const { return folder_.path() / "source"; }
  fs::path Clear() const { return folder_.path() / "clear"; }
  fs::path Old() const { return folder_.path() / "old"; }
  fs::path New() const { return folder_.path() / "new"; }
  fs::path Backup() const { return folder_.path() / "backup"; }

  void MakeExt4(const Words& options = {}) const {
    const ToolResult made = testing::MakeExt4(Source(), Clear(), options);
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  void Encrypt(const ForeignFormat& format) const {
    const ToolResult made = testing::MakeForeignVolume(Clear(), Old(), format);
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  void MakeSmall(const ForeignFormat& format = Luks2()) const {
    MakeModel(Source(), 1);
    MakeExt4();
    Encrypt(format);
  }
  Result<Manifest> Import(std::string_view passphrase = kOldPassphrase) const {
    const Secret old_passphrase = SecretOf(passphrase);
    const Secret new_passphrase = SecretOf(kNewPassphrase);
    return ImportImage({.old_image = Old(),
                        .new_image = New(),
                        .header_backup = Backup(),
                        .old_passphrase = &old_passphrase,
                        .new_passphrase = &new_passphrase,
                        .progress = nullptr});
  }
  void ExpectComesBack() const {
    const std::string before = Slurp(Old());
    ASSERT_OK_AND_ASSIGN(const Manifest manifest, Import());
    EXPECT_TRUE(Slurp(Old()) == before);
    EXPECT_TRUE(Slurp(Backup()) == before.substr(0, DataOffsetOf(Old())));
    EXPECT_EQ(fs::status(Backup()).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    ASSERT_OK_AND_ASSIGN(
        const SealedImage image,
        SealedImage::Open(New(), manifest, SecretOf(kNewPassphrase)));
    ASSERT_OK_AND_ASSIGN(const auto source, VerifiedReader::Create(&image));
    ASSERT_OK_AND_ASSIGN(const auto reader, ErofsTree::Open(source.get()));
    const fs::path out = folder_.path() / "out";
    ASSERT_THAT(ExtractTree(reader.get(), out, nullptr), Succeeds());
    EXPECT_TRUE(Tree(out) == Tree(Source()));
    for (const char* name : {"config.json", "1", "1/saved_model.pb"}) {
      struct stat mine {};
      struct stat theirs {};
      ASSERT_EQ(::lstat((out / name).c_str(), &mine), 0);
      ASSERT_EQ(::lstat((Source() / name).c_str(), &theirs), 0);
      EXPECT_EQ(mine.st_mode, theirs.st_mode) << name;
      EXPECT_EQ(mine.st_mtim.tv_sec, theirs.st_mtim.tv_sec) << name;
    }
  }
  // What a failure must not leave, whatever was there before.
  void ExpectNothingMade() const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const fs::path& path = entry.path();
      EXPECT_TRUE(path == Source() || path == Clear() || path == Old()) << path;
    }
  }
  TemporaryFolder folder_;
};

TEST_F(ImportImageTest, AVolumeOfTheOldScriptsComesBack) {
  MakeModel(Source(), 3'000'001);
  fs::create_symlink(std::string(200, 'x'), Source() / "long");
  fs::create_hard_link(Source() / "config.json", Source() / "1" / "again");
  Spill(Source() / "sparse", "a");
  fs::resize_file(Source() / "sparse", 1'000'000);
  MakeExt4();
  Encrypt(Luks2());
  ExpectComesBack();
}

TEST_F(ImportImageTest, LargeSectorsAndSmallBlocksComeBack) {
  MakeModel(Source(), 500'001);
  MakeExt4({"-b", "1024"});
  Encrypt(Luks2(4096));
  ExpectComesBack();
}

TEST_F(ImportImageTest, BlockMapsOfExt3ComeBack) {
  MakeModel(Source(), 6'000'001);
  Spill(Source() / "sparse", std::string(100'000, 'a'));
  fs::resize_file(Source() / "sparse", 9'000'000);
  MakeExt4({"-O", "^extents,^64bit", "-b", "1024"});
  Encrypt(Luks2());
  ExpectComesBack();
}

TEST_F(ImportImageTest, AFileSystemWithoutAttributesComesBack) {
  MakeModel(Source(), 100'001);
  MakeExt4({"-O", "none"});
  Encrypt(Luks2());
  ExpectComesBack();
}

TEST_F(ImportImageTest, FilesInsideTheirInodesComeBack) {
  MakeModel(Source(), 100'001);
  // What is behind the end of the bytes in the inode are zeroes.
  fs::resize_file(Source() / "config.json", 0);
  fs::resize_file(Source() / "config.json", 50'000);
  fs::create_symlink(std::string(90, 'x'), Source() / "long");
  // libext2fs takes the part of such a file that lies in the inode for a map of
  // blocks, an empty one.
  Spill(Source() / "zeroes", std::string(60, '\0') + "tail of the file\n");
  MakeExt4({"-O", "inline_data", "-I", "256"});
  Encrypt(Luks2());
  ExpectComesBack();
}

TEST_F(ImportImageTest, Argon2AndShortKeysComeBack) {
  MakeModel(Source(), 100'001);
  MakeExt4();
  Encrypt({.options = {"--type", "luks2", "--pbkdf", "argon2id",
                       "--pbkdf-memory", "32", "--pbkdf-force-iterations", "4",
                       "--pbkdf-parallel", "1", "--sector-size", "512"},
           .key_size = 32});
  ExpectComesBack();
}

TEST_F(ImportImageTest, Luks1ComesBack) {
  MakeModel(Source(), 100'001);
  MakeExt4();
  Encrypt(Luks1());
  ExpectComesBack();
}

TEST_F(ImportImageTest, TheRootHashIsThatOfThePackedFolder) {
  MakeModel(Source(), 1'000'001);
  fs::create_hard_link(Source() / "config.json", Source() / "1" / "again");
  fs::permissions(Source(), static_cast<fs::perms>(0755));
  MakeExt4();
  Encrypt(Luks2());
  ASSERT_EQ(::setenv("SOURCE_DATE_EPOCH", "1700000000", 1), 0);
  const auto imported = Import();
  const auto packed = testing::Pack(Source(), folder_.path() / "packed");
  ASSERT_EQ(::unsetenv("SOURCE_DATE_EPOCH"), 0);
  ASSERT_THAT(imported, Succeeds());
  ASSERT_THAT(packed, Succeeds());
  EXPECT_EQ(imported->verity->root_hash, packed->verity->root_hash);
  EXPECT_NE(imported->uuid, packed->uuid);
}

TEST_F(ImportImageTest, TheWrongPassphraseOpensNothing) {
  for (const ForeignFormat& format : {Luks1(), Luks2()}) {
    MakeSmall(format);
    EXPECT_THAT(Import("wrong"), Fails(Reason::kPassphraseWrong));
    ExpectNothingMade();
    fs::remove_all(Source());
  }
}

// Each of these would run for days.
TEST_F(ImportImageTest, D8_ADerivationThatNeverEndsIsRefused) {
  MakeSmall(Luks1());
  const std::string good = Slurp(Old());
  for (const std::size_t at : {164U, 212U}) {  // of the digest, of slot 0
    std::string bomb = good;
    bomb.replace(at, 4, "\xff\xff\xff\xff");
    Spill(Old(), bomb);
    EXPECT_THAT(Import(), Fails(Reason::kHeaderRefused)) << at;
    ExpectNothingMade();
  }
  Encrypt(Luks2());
  ASSERT_TRUE(testing::EditMetadata(Old(), "\"iterations\":1000",
                                    "\"iterations\":4000000000"));
  EXPECT_THAT(Import(), Fails(Reason::kHeaderRefused));
  ExpectNothingMade();
}

TEST_F(ImportImageTest, D1_ANullCipherIsRefused) {
  MakeSmall();
  ASSERT_TRUE(testing::EditMetadata(Old(),
                                    "\"aes-xts-plain64\",\"sector_size\"",
                                    "\"cipher_null-ecb\",\"sector_size\""));
  EXPECT_THAT(Import(), Fails(Reason::kHeaderRefused));
  ExpectNothingMade();
}

TEST_F(ImportImageTest, D7_AReencryptionMarkerIsRefused) {
  MakeSmall();
  ASSERT_TRUE(testing::EditMetadata(
      Old(), "\"config\":{",
      R"("config":{"requirements":{"mandatory":["online-reencrypt-v2"]},)"));
  EXPECT_THAT(Import(), Fails(Reason::kHeaderRefused));
  ExpectNothingMade();
}

TEST_F(ImportImageTest, AnotherFileSystemIsNamed) {
  Spill(Clear(), "XFSB" + std::string(1'048'572, 'x'));
  Encrypt(Luks2());
  const auto imported = Import();
  EXPECT_THAT(imported, Fails(Reason::kNotSupported));
  EXPECT_NE(imported.error().ToString().find("xfs"), std::string::npos);
  ExpectNothingMade();
}

TEST_F(ImportImageTest, AnUncleanFileSystemIsRefused) {
  MakeModel(Source(), 1);
  for (const char* edit :
       {"feature needs_recovery", "ssv state 0", "ssv state 3"}) {
    MakeExt4();
    const ToolResult edited = EditExt4(Clear(), {edit});
    ASSERT_EQ(edited.exit_code, 0) << edited.output;
    Encrypt(Luks2());
    EXPECT_THAT(Import(), Fails(Reason::kFileInvalid)) << edit;
    ExpectNothingMade();
  }
}

TEST_F(ImportImageTest, D9_ATruncatedVolumeIsNamedSoAndLeavesNothing) {
  MakeModel(Source(), 10'000'000);
  MakeExt4();
  Encrypt(Luks2());
  for (const std::size_t size :
       {DataOffsetOf(Old()) + 5'000'000, DataOffsetOf(Old()) + 1024,
        DataOffsetOf(Old()) / 2, std::size_t{600}}) {
    fs::resize_file(Old(), size);
    EXPECT_FALSE(Import().has_value()) << size;
    ExpectNothingMade();
  }
  Encrypt(Luks2());
  fs::resize_file(Old(), DataOffsetOf(Old()) + 5'000'000);
  EXPECT_THAT(Import(), Fails(Reason::kImageTruncated));
}

TEST_F(ImportImageTest, WhatAVolumeCannotHoldIsNamedAndLeavesNothing) {
  MakeModel(Source(), 1);
  MakeExt4();
  ASSERT_EQ(EditExt4(Clear(), {"cd /1", "mknod null c 1 3"}).exit_code, 0);
  Encrypt(Luks2());
  const auto imported = Import();
  EXPECT_THAT(imported, Fails(Reason::kFileInvalid));
  EXPECT_NE(imported.error().ToString().find("'/1/null'"), std::string::npos)
      << imported.error().ToString();
  ExpectNothingMade();
}

TEST_F(ImportImageTest, NothingIsOverwritten) {
  MakeSmall();
  Spill(Backup(), "mine");
  EXPECT_THAT(Import(), Fails(Reason::kAlreadyExists));
  EXPECT_EQ(Slurp(Backup()), "mine");
  EXPECT_FALSE(fs::exists(New()));
  fs::remove(Backup());
  Spill(New(), "mine");
  EXPECT_THAT(Import(), Fails(Reason::kAlreadyExists));
  EXPECT_EQ(Slurp(New()), "mine");
  EXPECT_FALSE(fs::exists(Backup()));
}

TEST_F(ImportImageTest, ABackupThatAKilledImportLeftIsTaken) {
  MakeSmall();
  Spill(Backup(), Slurp(Old()).substr(0, DataOffsetOf(Old())));
  EXPECT_THAT(Import(), Succeeds());
  EXPECT_TRUE(fs::exists(Backup()));
}

}  // namespace
}  // namespace tdxvfs::image

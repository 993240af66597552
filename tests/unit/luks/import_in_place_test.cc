// SPDX-License-Identifier: Apache-2.0
#include "luks/image/import_in_place.h"

#include <filesystem>
#include <string>
#include <vector>

#include "common/hex.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/foreign_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::ForeignFormat;
using testing::kOldPassphrase;
using testing::Luks1;
using testing::Luks2;
using testing::MakeForeignVolume;
using testing::RunTool;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::ToolResult;
using testing::Words;

namespace fs = std::filesystem;

constexpr std::string_view kNew =
    "5b5c86b6e2d1f6f8d2d5a0f7c7a1c3f0a1b2c3d4e5f60718293a4b5c6d7e8f90";

// A volume of cryptsetup's making with several key slots and a token.
class ImportInPlaceTest : public ::testing::Test {
 protected:
  fs::path Image() const { return folder_.path() / "image"; }
  const Words kCheap{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"};

  void Make(ForeignFormat format = Luks2(), const Words& more = {}) const {
    const fs::path clear = folder_.path() / "clear";
    fs::create_directory(folder_.path() / "source");
    const ToolResult filled =
        testing::MakeExt4(folder_.path() / "source", clear, {}, "1M");
    ASSERT_EQ(filled.exit_code, 0) << filled.output;
    format.options.insert(format.options.end(), more.begin(), more.end());
    const ToolResult made = MakeForeignVolume(clear, Image(), format);
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  int AddKey(const std::string& passphrase) const {
    Spill(folder_.path() / "other", passphrase);
    Words add{"cryptsetup", "luksAddKey", "-q", "-d", "-"};
    add.insert(add.end(), kCheap.begin(), kCheap.end());
    add.push_back(Image().string());
    add.push_back((folder_.path() / "other").string());
    return RunTool(add, kOldPassphrase).exit_code;
  }
  void AddToken() const {
    ASSERT_EQ(RunTool({"cryptsetup", "token", "import", "--json-file", "-",
                       Image().string()},
                      R"({"type":"foreign","keyslots":["0"]})")
                  .exit_code,
              0);
  }
  Result<InPlaceImport> Prepare(std::string_view passphrase = kOldPassphrase,
                                std::string_view new_passphrase = kNew) const {
    return PrepareInPlace(Image(), "ext4", SecretOf(passphrase),
                          SecretOf(new_passphrase));
  }
  int Opens(std::string_view passphrase) const {
    return RunTool({"cryptsetup", "open", "--test-passphrase", "-d", "-",
                    Image().string()},
                   passphrase)
        .exit_code;
  }
  TemporaryFolder folder_;
};

TEST_F(ImportInPlaceTest, LeavesOneSlotThatTheNewPassphraseOpens) {
  Make();
  ASSERT_EQ(AddKey("another one"), 0);
  AddToken();
  const std::string before = Slurp(Image());
  ASSERT_EQ(Opens(kOldPassphrase), 0);
  ASSERT_EQ(Opens("another one"), 0);
  ASSERT_OK_AND_ASSIGN(const InPlaceImport prepared, Prepare());
  EXPECT_TRUE(Slurp(Image()) == before);
  ASSERT_THAT(ApplyInPlace(prepared), Succeeds());
  EXPECT_EQ(Opens(kNew), 0);
  EXPECT_EQ(Opens(kOldPassphrase), 2);
  EXPECT_EQ(Opens("another one"), 2);
  const std::string after = Slurp(Image());
  const std::size_t header = prepared.manifest.header_size;
  EXPECT_TRUE(after.substr(header) == before.substr(header));
  EXPECT_TRUE(AsText(prepared.old_header) == before.substr(0, header));
  ASSERT_OK_AND_ASSIGN(const luks::Inspection inspection,
                       luks::InspectImage(Image()));
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header_profile, "imported-1");
  EXPECT_EQ(inspection.header->key_slots.size(), 1U);
  EXPECT_EQ(inspection.header->tokens, 0U);
  EXPECT_EQ(inspection.header->uuid, prepared.manifest.uuid);
  EXPECT_EQ(inspection.header->sha256, prepared.manifest.header_sha256);
  EXPECT_EQ(inspection.header->size, header);
}

TEST_F(ImportInPlaceTest, AHeaderWithoutRoomForAnotherSlotIsTaken) {
  Make(Luks2(), {"--offset", "2048"});  // sectors: 1 MiB
  int added = 0;
  while (AddKey("key " + std::to_string(added)) == 0 && added < 32) {
    ++added;
  }
  ASSERT_LT(added, 32);
  ASSERT_OK_AND_ASSIGN(const InPlaceImport prepared, Prepare());
  ASSERT_THAT(ApplyInPlace(prepared), Succeeds());
  EXPECT_EQ(Opens(kNew), 0);
  EXPECT_EQ(Opens(kOldPassphrase), 2);
  EXPECT_EQ(Opens("key 0"), 2);
}

TEST_F(ImportInPlaceTest, CryptsetupTakesTheBackup) {
  Make();
  const std::string before = Slurp(Image());
  ASSERT_OK_AND_ASSIGN(const InPlaceImport prepared, Prepare());
  const fs::path backup = folder_.path() / "backup";
  Spill(backup, AsText(prepared.old_header));
  // As far as a write that was cut off may have come.
  for (const std::size_t written :
       {std::size_t{4096}, std::size_t{20'000}, prepared.new_header.size()}) {
    std::string torn = before;
    torn.replace(0, written, AsText(prepared.new_header).substr(0, written));
    Spill(Image(), torn);
    const ToolResult restored =
        RunTool({"cryptsetup", "luksHeaderRestore", "-q",
                 "--header-backup-file", backup.string(), Image().string()});
    EXPECT_EQ(restored.exit_code, 0) << restored.output;
    EXPECT_TRUE(Slurp(Image()) == before) << written;
  }
}

TEST_F(ImportInPlaceTest, AHeaderThatChangedMeanwhileIsLeftAlone) {
  Make();
  ASSERT_OK_AND_ASSIGN(const InPlaceImport prepared, Prepare());
  ASSERT_THAT(ApplyInPlace(prepared), Succeeds());
  const std::string once = Slurp(Image());
  EXPECT_THAT(ApplyInPlace(prepared), Fails(Reason::kHeaderMismatch));
  EXPECT_TRUE(Slurp(Image()) == once);
}

TEST_F(ImportInPlaceTest, RefusesWhatItCannotDo) {
  Make();
  EXPECT_THAT(Prepare("wrong"), Fails(Reason::kPassphraseWrong));
  EXPECT_THAT(Prepare(kOldPassphrase, "hunter2"), Fails(Reason::kUsage));
  EXPECT_THAT(PrepareInPlace(Image(), "squashfs", SecretOf(kOldPassphrase),
                             SecretOf(kNew)),
              Fails(Reason::kNotSupported));
  Make(Luks1());
  EXPECT_THAT(Prepare(), Fails(Reason::kNotSupported));
  Spill(Image(), std::string(100'000, 'x'));
  EXPECT_THAT(Prepare(), Fails(Reason::kImageNotLuks2));
}

// What libcryptsetup passes over.
TEST_F(ImportInPlaceTest, D1_AMemberThatOnlyTheHeadersOwnBytesShowIsRefused) {
  Make();
  ASSERT_TRUE(testing::EditMetadata(Image(), "\"stripes\":4000",
                                    "\"stripes\":4000,\"more\":1"));
  EXPECT_THAT(Prepare(), Fails(Reason::kHeaderRefused));
}

TEST_F(ImportInPlaceTest, D8_ADerivationThatNeverEndsIsRefused) {
  Make();
  ASSERT_TRUE(testing::EditMetadata(Image(), "\"iterations\":1000",
                                    "\"iterations\":4000000000"));
  EXPECT_THAT(Prepare(), Fails(Reason::kHeaderRefused));
}

}  // namespace
}  // namespace tdxvfs::image

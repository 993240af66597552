// SPDX-License-Identifier: Apache-2.0
#include "luks/inspect.h"

#include <sys/stat.h>

#include <string>

#include "luks/header.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::EditMetadata;
using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::Pack;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

class InspectTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
};

TEST_F(InspectTest, DescribesAnImageOfOurs) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  const std::string before = Slurp(path_);
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.luks_version, 2U);
  EXPECT_EQ(inspection.header_size, 1048576U);
  EXPECT_EQ(inspection.image_size, before.size());
  EXPECT_EQ(inspection.data_size, before.size() - 1048576U);
  EXPECT_EQ(inspection.cipher, "aes-xts-plain64");
  EXPECT_EQ(inspection.sector_size, 4096U);
  EXPECT_EQ(inspection.header_profile, "sealed-1");
  EXPECT_EQ(inspection.refusal, "");
  ASSERT_EQ(inspection.key_slots.size(), 1U);
  EXPECT_EQ(inspection.key_slots[0].kdf, "pbkdf2");
  EXPECT_EQ(inspection.key_slots[0].kdf_iterations, 1000U);
  EXPECT_EQ(inspection.key_slots[0].key_size, 64U);
  EXPECT_EQ(Slurp(path_), before) << "inspection writes nothing";
}

TEST_F(InspectTest, DescribesAForeignImageAsImported) {
  Spill(path_, std::string(24 * 1024 * 1024, '\0'));
  ASSERT_EQ(
      RunTool({"cryptsetup", "luksFormat", "--type", "luks2", "-q", "--pbkdf",
               "argon2id", "--pbkdf-force-iterations", "4", "--pbkdf-memory",
               "65536", "--pbkdf-parallel", "2", "-d", "-", path_.string()},
              kPassphrase)
          .exit_code,
      0);
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.header_size, 16U * 1024 * 1024);
  EXPECT_EQ(inspection.header_profile, "imported-1");
  ASSERT_EQ(inspection.key_slots.size(), 1U);
  EXPECT_EQ(inspection.key_slots[0].kdf, "argon2id");
  EXPECT_EQ(inspection.key_slots[0].kdf_memory, 65536U);
}

TEST_F(InspectTest, SaysWhyNoProfileTakesAHeader) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  ASSERT_TRUE(EditMetadata(path_, R"("iv_tweak":"0")", R"("iv_tweak":"8")"));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.header_profile, "");
  EXPECT_NE(inspection.refusal.find("IV"), std::string::npos);
}

// libcryptsetup says "Invalid argument" of these, and no more.
TEST_F(InspectTest, D1_NamesTheMemberThatLibcryptsetupDoesNotTake) {
  MakeModel(folder_.path() / "model", 1000);
  const struct {
    const char* from;
    const char* to;
    const char* path;
  } edits[] = {
      {R"("type":"luks2",)", "", "/keyslots/0/type"},
      {R"("key_size":64,"af")", R"("key_size":"64","af")",
       "/keyslots/0/key_size"},
      {R"("digests":{)", R"("digests":null,"was":{)", "/digests"},
      {R"("json_size":")", R"("json_size":" )", "/config/json_size"},
      {R"("hash":"sha256","iterations")", R"("hash":7,"iterations")",
       "/keyslots/0/kdf/hash"},
  };
  for (const auto& edit : edits) {
    std::filesystem::remove(path_);
    ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
    ASSERT_TRUE(EditMetadata(path_, edit.from, edit.to)) << edit.path;
    ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
    EXPECT_EQ(inspection.header_profile, "");
    EXPECT_EQ(inspection.header_size, kDefaultHeaderSize);
    ASSERT_FALSE(inspection.refusals.empty());
    EXPECT_EQ(inspection.refusals[0].path, edit.path);
    EXPECT_NE(inspection.refusal.find(edit.path), std::string::npos);
  }
}

TEST_F(InspectTest, Luks1IsNotLuks2) {
  Spill(path_, std::string(4 * 1024 * 1024, '\0'));
  ASSERT_EQ(
      RunTool({"cryptsetup", "luksFormat", "--type", "luks1", "-q",
               "--pbkdf-force-iterations", "1000", "-d", "-", path_.string()},
              kPassphrase)
          .exit_code,
      0);
  EXPECT_THAT(InspectImage(path_), Fails(Reason::kImageNotLuks2));
}

TEST_F(InspectTest, D9_ATruncatedImageIsRefusedAtEveryLength) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  const std::string image = Slurp(path_);
  for (std::size_t size = 0; size < 1048576; size += 77'777) {
    Spill(path_, image.substr(0, size));
    const auto inspected = InspectImage(path_);
    ASSERT_FALSE(inspected.has_value()) << size;
  }
}

}  // namespace
}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/inspect.h"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

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
  // Has cryptsetup make a header of its own in an image of 40 MiB.
  void Format(const std::vector<std::string>& options) const {
    Spill(path_, "");
    std::filesystem::resize_file(path_, std::uintmax_t{40} << 20U);
    std::vector<std::string> command{
        "cryptsetup", "luksFormat", "--type", "luks2",
        "-q",         "--pbkdf",    "pbkdf2", "--pbkdf-force-iterations",
        "1000",       "-d",         "-"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(path_.string());
    ASSERT_EQ(RunTool(command, kPassphrase).exit_code, 0);
  }
  void Overwrite(std::streamoff at, std::string_view bytes) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
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
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header->size, 1048576U);
  EXPECT_EQ(inspection.image_size, before.size());
  EXPECT_EQ(inspection.header->data_size, before.size() - 1048576U);
  EXPECT_EQ(inspection.header->cipher, "aes-xts-plain64");
  EXPECT_EQ(inspection.header->sector_size, 4096U);
  EXPECT_EQ(inspection.header_profile, "sealed-1");
  EXPECT_EQ(inspection.refusal, "");
  ASSERT_EQ(inspection.header->key_slots.size(), 1U);
  EXPECT_EQ(inspection.header->key_slots[0].kdf, "pbkdf2");
  EXPECT_EQ(inspection.header->key_slots[0].kdf_iterations, 1000U);
  EXPECT_EQ(inspection.header->key_slots[0].key_size, 64U);
  EXPECT_EQ(Slurp(path_), before) << "inspection writes nothing";
}

TEST_F(InspectTest, DescribesAForeignImageAsImported) {
  Spill(path_, std::string(std::size_t{24} * 1024 * 1024, '\0'));
  ASSERT_EQ(
      RunTool({"cryptsetup", "luksFormat", "--type", "luks2", "-q", "--pbkdf",
               "argon2id", "--pbkdf-force-iterations", "4", "--pbkdf-memory",
               "65536", "--pbkdf-parallel", "2", "-d", "-", path_.string()},
              kPassphrase)
          .exit_code,
      0);
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header->size, 16U * 1024 * 1024);
  EXPECT_EQ(inspection.header_profile, "imported-1");
  ASSERT_EQ(inspection.header->key_slots.size(), 1U);
  EXPECT_EQ(inspection.header->key_slots[0].kdf, "argon2id");
  EXPECT_EQ(inspection.header->key_slots[0].kdf_memory, 65536U);
}

TEST_F(InspectTest, SaysWhyNoProfileTakesAHeader) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  ASSERT_TRUE(EditMetadata(path_, R"("iv_tweak":"0")", R"("iv_tweak":"8")"));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.header_profile, "");
  EXPECT_NE(inspection.refusal.find("IV"), std::string::npos);
}

// Of a volume of another maker, what is in the way of "imported-1" and not that
// it is none of ours.
TEST_F(InspectTest, D1_NamesTheMembersOfTheNearestProfile) {
  Spill(path_, std::string(std::size_t{24} * 1024 * 1024, '\0'));
  ASSERT_EQ(
      RunTool({"cryptsetup", "luksFormat", "--type", "luks2", "-q", "--label",
               "model", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
               "-d", "-", path_.string()},
              kPassphrase)
          .exit_code,
      0);
  ASSERT_TRUE(EditMetadata(path_, R"("size":"258048")", R"("size":"204800")"));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.header_profile, "");
  ASSERT_EQ(inspection.refusals.size(), 1U);
  EXPECT_EQ(inspection.refusals[0].path, "/keyslots/0/area/size");
  EXPECT_NE(inspection.refusal.find("/keyslots/0/area/size"),
            std::string::npos);
}

// libcryptsetup says "Invalid argument" of these, and no more.
TEST_F(InspectTest, D1_NamesTheMemberThatLibcryptsetupDoesNotTake) {
  MakeModel(folder_.path() / "model", 1000);
  const struct {
    const char* from;
    const char* to;
    const char* path;
    bool read = false;
  } edits[] = {
      {R"("type":"luks2",)", "", "/keyslots/0/type"},
      {R"("key_size":64,"af")", R"("key_size":"64","af")",
       "/keyslots/0/key_size"},
      {R"("digests":{)", R"("digests":null,"was":{)", "/digests"},
      {R"("json_size":")", R"("json_size":" )", "/config/json_size", true},
      {R"("hash":"sha256","iterations")", R"("hash":7,"iterations")",
       "/keyslots/0/kdf/hash"},
  };
  for (const auto& edit : edits) {
    std::filesystem::remove(path_);
    ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
    ASSERT_TRUE(EditMetadata(path_, edit.from, edit.to)) << edit.path;
    ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
    EXPECT_EQ(inspection.header_profile, "");
    EXPECT_EQ(inspection.header.has_value(), edit.read) << edit.path;
    ASSERT_FALSE(inspection.refusals.empty());
    EXPECT_EQ(inspection.refusals[0].path, edit.path);
    EXPECT_NE(
        inspection.refusal.find(edit.read ? edit.path : "Invalid argument"),
        std::string::npos)
        << inspection.refusal;
  }
}

// What libcryptsetup said stays the reason, and nothing is told as a fact that
// was not read.
TEST_F(InspectTest, AHeaderAbove16MiBIsRefusedForThat) {
  const struct {
    const char* key_slots;
    const char* refusal;
  } rows[] = {
      {"256k", "data at byte 33554432, "},
      {"16m",
       "in its first 16 MiB, the most that a header may have: LUKS2 "
       "header: Device "},
  };
  for (const auto& row : rows) {
    Format({"--offset", "65536",  // sectors: 32 MiB
            "--luks2-keyslots-size", row.key_slots});
    ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
    EXPECT_EQ(inspection.header_profile, "");
    EXPECT_EQ(inspection.refusal.find(row.refusal), 0U) << inspection.refusal;
    EXPECT_EQ(inspection.image_size, 40U << 20U);
    EXPECT_FALSE(inspection.header.has_value());
  }
}

TEST_F(InspectTest, ADamagedForeignHeaderIsRefusedInTheLibrarysWords) {
  Format({});
  ASSERT_TRUE(EditMetadata(path_, R"("type":"luks2",)", ""));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_NE(inspection.refusal.find("LUKS2 header: "), std::string::npos)
      << inspection.refusal;
  EXPECT_FALSE(inspection.header.has_value());
  ASSERT_EQ(inspection.refusals.size(), 1U);
  EXPECT_EQ(inspection.refusals[0].path, "/keyslots/0/type");
}

// There is always a place to look at, also where nothing but the library knows
// what is wrong.
TEST_F(InspectTest, WhatOnlyLibcryptsetupRefusesHasAPathToo) {
  std::string deep = R"("tokens":{"0":{"type":"x","keyslots":[],"a":)";
  deep += std::string(60, '[') + std::string(60, ']') + "}}";
  for (const auto& [tokens, path] :
       {std::pair(std::string(R"("tokens":null)"), "/tokens"),
        std::pair(std::string(R"("tokens":{"0":{"keyslots":[]}})"),
                  "/tokens/0/type"),
        std::pair(deep, "/")}) {
    Format({});
    ASSERT_TRUE(EditMetadata(path_, R"("tokens":{})", tokens));
    ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
    EXPECT_EQ(inspection.header_profile, "");
    ASSERT_EQ(inspection.refusals.size(), 1U) << tokens;
    EXPECT_EQ(inspection.refusals[0].path, path);
  }
}

// Of another type nothing but the type can be judged.
TEST_F(InspectTest, D7_ATypeThatIsNotKnownIsTheOnlyRefusal) {
  for (const auto& [from, to, path] :
       {std::tuple(R"("kdf":{"type":"pbkdf2")", R"("kdf":{"type":"scrypt")",
                   "/keyslots/0/kdf/type"),
        std::tuple(R"("0":{"type":"luks2",)", R"("0":{"type":"reencrypt",)",
                   "/keyslots/0/type")}) {
    Format({});
    ASSERT_TRUE(EditMetadata(path_, from, to));
    ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
    ASSERT_EQ(inspection.refusals.size(), 1U) << path;
    EXPECT_EQ(inspection.refusals[0].path, path);
  }
}

// What is wrong with it as a volume of another maker, and nothing about ours.
TEST_F(InspectTest, AreasOfAnotherSizeAreHeldAgainstTheImportedProfile) {
  Format({"--luks2-metadata-size", "64k"});
  Overwrite(4096, "x");
  Overwrite(65536 + 4096, "x");
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_NE(inspection.refusal.find("LUKS2 header: "), std::string::npos)
      << inspection.refusal;
  EXPECT_FALSE(inspection.header.has_value());
  std::vector<std::string> paths;
  for (const HeaderRefusal& refusal : inspection.refusals) {
    paths.push_back(refusal.path);
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"binary/0/csum", "binary/1/csum",
                                             "/", "/"}));
}

TEST_F(InspectTest, AnAreaSizeThatNoFormatHasIsNamed) {
  Format({});
  Overwrite(8, std::string("\0\0\0\0\0\0\x40\x01", 8));
  Overwrite(16384 + 8, std::string("\0\0\0\0\0\0\x40\x01", 8));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  ASSERT_EQ(inspection.refusals.size(), 1U);
  EXPECT_EQ(inspection.refusals[0].path, "binary/0/hdr_size");
}

// libcryptsetup wants a zero behind the metadata.
TEST_F(InspectTest, MetadataThatFillTheirAreaAreRefused) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  const std::string image = Slurp(path_);
  const std::size_t length = image.find('\0', 4096) - 4096;
  ASSERT_TRUE(EditMetadata(
      path_, "}}", "}" + std::string(16384 - 4096 - length, ' ') + "}"));
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  EXPECT_EQ(inspection.header_profile, "");
  ASSERT_EQ(inspection.refusals.size(), 1U);
  EXPECT_NE(inspection.refusals[0].reason.find("fills its area"),
            std::string::npos);
}

TEST_F(InspectTest, Luks1IsNotLuks2) {
  Spill(path_, std::string(std::size_t{4} * 1024 * 1024, '\0'));
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

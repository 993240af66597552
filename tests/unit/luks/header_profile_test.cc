// SPDX-License-Identifier: Apache-2.0
#include "luks/header_profile.h"

#include <string>

#include "luks/crypt_device.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::EditMetadata;
using testing::Fails;
using testing::MakeModel;
using testing::Pack;
using testing::Succeeds;
using testing::TemporaryFolder;

// One packed image for the whole suite; each test edits a copy of its header.
class HeaderProfileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeModel(folder_.path() / "model", 1000);
    ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  }
  // The profile check as an opening makes it.
  Result<void> Check(std::string_view profile = kSealedProfile) const {
    ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path_));
    ASSIGN_OR_RETURN(const Header header,
                     Header::Read(image, kDefaultHeaderSize));
    ASSIGN_OR_RETURN(const CryptDevice device, CryptDevice::Load(header));
    ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
    ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
    return CheckHeaderProfile(metadata, profile, header.size());
  }
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
};

TEST_F(HeaderProfileTest, WhatWePackFitsBothProfiles) {
  EXPECT_THAT(Check(kSealedProfile), Succeeds());
  EXPECT_THAT(Check(kImportedProfile), Succeeds());
}

TEST_F(HeaderProfileTest, AProfileOfALaterVersionIsNotSupported) {
  EXPECT_THAT(Check("writable-1"), Fails(Reason::kNotSupported));
  EXPECT_THAT(Check(""), Fails(Reason::kNotSupported));
}

struct ProfileEdit {
  const char* name;
  const char* from;
  const char* to;
  bool imported_too;  // whether the imported profile refuses it as well
};

class EditedHeaders : public HeaderProfileTest,
                      public ::testing::WithParamInterface<ProfileEdit> {};

TEST_P(EditedHeaders, AreRefusedBeforeAnyKeyDerivation) {
  ASSERT_TRUE(EditMetadata(path_, GetParam().from, GetParam().to));
  EXPECT_THAT(Check(kSealedProfile), Fails(Reason::kHeaderRefused));
  if (GetParam().imported_too) {
    EXPECT_THAT(Check(kImportedProfile), Fails(Reason::kHeaderRefused));
  } else {
    EXPECT_THAT(Check(kImportedProfile), Succeeds());
  }
}

constexpr const char* kSegmentCipher =
    R"("encryption":"aes-xts-plain64","sector_size")";

INSTANTIATE_TEST_SUITE_P(
    Table, EditedHeaders,
    ::testing::Values(
        ProfileEdit{"D1_NullCipher", kSegmentCipher,
                    R"("encryption":"cipher_null-ecb","sector_size")", true},
        ProfileEdit{"D1_WeakCipher", kSegmentCipher,
                    R"("encryption":"aes-ecb","sector_size")", true},
        ProfileEdit{"D1_NullCipherOfTheKeySlot",
                    R"("encryption":"aes-xts-plain64","key_size")",
                    R"("encryption":"cipher_null-ecb","key_size")", true},
        ProfileEdit{"D1_OtherOffset", R"("offset":"1048576")",
                    R"("offset":"2097152")", true},
        ProfileEdit{"D1_IvOffset", R"("iv_tweak":"0")", R"("iv_tweak":"8")",
                    true},
        ProfileEdit{"D1_FixedSize", R"("size":"dynamic")", R"("size":"4096")",
                    true},
        ProfileEdit{
            "D1_Integrity", R"("sector_size":4096)",
            R"x("sector_size":4096,"integrity":{"type":"hmac(sha256)",)x"
            R"x("journal_encryption":"none","journal_integrity":"none"})x",
            true},
        ProfileEdit{"D7_BackupFlag", R"("sector_size":4096)",
                    R"("sector_size":4096,"flags":["backup-final"])", true},
        ProfileEdit{
            "D7_Requirements", R"("config":{)",
            R"("config":{"requirements":{"mandatory":["online-reencrypt"]},)",
            true},
        ProfileEdit{"D8_CostlyKeySlot", R"("iterations":1000,"salt")",
                    R"("iterations":100001,"salt")", false},
        ProfileEdit{"D8_VeryCostlyKeySlot", R"("iterations":1000,"salt")",
                    R"("iterations":10000001,"salt")", true},
        ProfileEdit{"Flags", R"("config":{)",
                    R"("config":{"flags":["allow-discards"],)", false}),
    [](const auto& row) { return row.param.name; });

// Metadata that both profiles take, of a header of 4096 bytes.
HeaderMetadata GoodMetadata() {
  HeaderMetadata metadata;
  metadata.segments.push_back({.type = "crypt",
                               .offset = 4096,
                               .size = "dynamic",
                               .iv_tweak = "0",
                               .cipher = "aes-xts-plain64",
                               .sector_size = 4096,
                               .integrity = "",
                               .has_flags = false});
  KdfCost cheap;
  cheap.type = "pbkdf2";
  cheap.iterations = 1000;
  metadata.key_slots.push_back({.number = 0,
                                .type = "luks2",
                                .key_size = 64,
                                .area_type = "raw",
                                .area_cipher = "aes-xts-plain64",
                                .kdf = cheap});
  metadata.digests.push_back(cheap);
  return metadata;
}

struct MetadataChange {
  const char* name;
  void (*change)(HeaderMetadata*);
  bool imported_too;  // refused there as well
};

class ChangedMetadata : public ::testing::TestWithParam<MetadataChange> {};

// The profiles judge the bytes before; what libcryptsetup understood is held
// against the same rules, each of which must hold without the first look.
TEST_P(ChangedMetadata, IsJudgedByWhatWasUnderstood) {
  HeaderMetadata metadata = GoodMetadata();
  GetParam().change(&metadata);
  EXPECT_THAT(CheckHeaderProfile(metadata, kSealedProfile, 4096),
              Fails(Reason::kHeaderRefused));
  const auto imported = CheckHeaderProfile(metadata, kImportedProfile, 4096);
  if (GetParam().imported_too) {
    EXPECT_THAT(imported, Fails(Reason::kHeaderRefused));
  } else {
    EXPECT_THAT(imported, Succeeds());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChangedMetadata,
    ::testing::Values(
        MetadataChange{"NoSegment",
                       [](HeaderMetadata* m) { m->segments.clear(); }, true},
        MetadataChange{"TwoSegments",
                       [](HeaderMetadata* m) {
                         m->segments.push_back(SegmentMetadata(m->segments[0]));
                       },
                       true},
        MetadataChange{
            "SegmentType",
            [](HeaderMetadata* m) { m->segments[0].type = "linear"; }, true},
        MetadataChange{
            "SegmentFlags",
            [](HeaderMetadata* m) { m->segments[0].has_flags = true; }, true},
        MetadataChange{
            "NoSectors",
            [](HeaderMetadata* m) { m->segments[0].sector_size = 0; }, true},
        MetadataChange{
            "SectorsTooSmall",
            [](HeaderMetadata* m) { m->segments[0].sector_size = 256; }, true},
        MetadataChange{
            "SectorsTooLarge",
            [](HeaderMetadata* m) { m->segments[0].sector_size = 8192; }, true},
        MetadataChange{
            "OddSectors",
            [](HeaderMetadata* m) { m->segments[0].sector_size = 3072; }, true},
        MetadataChange{"NoKeySlot",
                       [](HeaderMetadata* m) { m->key_slots.clear(); }, true},
        MetadataChange{"TwoKeySlots",
                       [](HeaderMetadata* m) {
                         m->key_slots.push_back(
                             KeySlotMetadata(m->key_slots[0]));
                       },
                       false},
        MetadataChange{"TooManyKeySlots",
                       [](HeaderMetadata* m) {
                         m->key_slots.assign(33, m->key_slots.front());
                       },
                       true},
        MetadataChange{
            "D7_SlotType",
            [](HeaderMetadata* m) { m->key_slots[0].type = "reencrypt"; },
            true},
        MetadataChange{"ShortKey",
                       [](HeaderMetadata* m) { m->key_slots[0].key_size = 32; },
                       false},
        MetadataChange{"KeyTooShort",
                       [](HeaderMetadata* m) { m->key_slots[0].key_size = 31; },
                       true},
        MetadataChange{"KeyTooLong",
                       [](HeaderMetadata* m) { m->key_slots[0].key_size = 65; },
                       true},
        MetadataChange{
            "AreaType",
            [](HeaderMetadata* m) { m->key_slots[0].area_type = "datashift"; },
            true},
        MetadataChange{"NoDigest",
                       [](HeaderMetadata* m) { m->digests.clear(); }, true},
        MetadataChange{"TwoDigests",
                       [](HeaderMetadata* m) {
                         m->digests.push_back(KdfCost(m->digests[0]));
                       },
                       false},
        MetadataChange{"TooManyDigests",
                       [](HeaderMetadata* m) {
                         m->digests.assign(33, m->digests.front());
                       },
                       true},
        MetadataChange{"DigestType",
                       [](HeaderMetadata* m) {
                         m->digests[0].type = "argon2id";
                         m->digests[0].iterations = 4;
                       },
                       true},
        MetadataChange{"D8_UnknownDerivation",
                       [](HeaderMetadata* m) {
                         m->key_slots[0].kdf.type = "argon2d";
                         m->key_slots[0].kdf.iterations = 4;
                       },
                       true},
        MetadataChange{
            "D8_TooFewIterations",
            [](HeaderMetadata* m) { m->key_slots[0].kdf.iterations = 999; },
            true},
        MetadataChange{"D8_IterationsOfAnImport",
                       [](HeaderMetadata* m) {
                         m->key_slots[0].kdf.iterations = 10'000'000;
                       },
                       false},
        MetadataChange{"Tokens", [](HeaderMetadata* m) { m->tokens = 1; },
                       false}),
    [](const auto& row) { return row.param.name; });

TEST(HeaderProfile, D8_TheMostIterationsAreTaken) {
  HeaderMetadata metadata = GoodMetadata();
  metadata.key_slots.front().kdf.iterations = 100'000;
  metadata.digests.front().iterations = 100'000;
  EXPECT_THAT(CheckHeaderProfile(metadata, kSealedProfile, 4096), Succeeds());
}

TEST(HeaderProfile, D8_ACostlyDigestOrArgonIsRefused) {
  HeaderMetadata metadata = GoodMetadata();
  const KdfCost cheap = metadata.digests.front();
  EXPECT_THAT(CheckHeaderProfile(metadata, kSealedProfile, 4096), Succeeds());

  metadata.digests.front().iterations = 10'000'001;
  EXPECT_THAT(CheckHeaderProfile(metadata, kSealedProfile, 4096),
              Fails(Reason::kHeaderRefused));
  EXPECT_THAT(CheckHeaderProfile(metadata, kImportedProfile, 4096),
              Fails(Reason::kHeaderRefused));
  metadata.digests.front() = cheap;

  KdfCost& slot = metadata.key_slots.front().kdf;
  slot.type = "argon2id";
  slot.iterations = 16;
  slot.memory = 1048576;
  slot.threads = 4;
  EXPECT_THAT(CheckHeaderProfile(metadata, kSealedProfile, 4096),
              Fails(Reason::kHeaderRefused));
  EXPECT_THAT(CheckHeaderProfile(metadata, kImportedProfile, 4096), Succeeds());
  const KdfCost largest = slot;
  for (std::uint64_t KdfCost::*cost :
       {&KdfCost::iterations, &KdfCost::memory, &KdfCost::threads}) {
    slot = largest;
    slot.*cost += 1;
    EXPECT_THAT(CheckHeaderProfile(metadata, kImportedProfile, 4096),
                Fails(Reason::kHeaderRefused));
  }
}

// libcryptsetup does not even load most of these; those that it comes to know
// are refused as well.
TEST(HeaderProfile, D7_RequirementsAreRefusedFirst) {
  HeaderMetadata metadata;
  metadata.has_requirements = true;
  for (const std::string_view profile : {kSealedProfile, kImportedProfile}) {
    const auto checked = CheckHeaderProfile(metadata, profile, 4096);
    ASSERT_THAT(checked, Fails(Reason::kHeaderRefused));
    EXPECT_NE(checked.error().ToString().find("requirements"),
              std::string::npos);
  }
}

TEST(HeaderMetadata, JunkIsRefusedWithoutACrash) {
  for (
      const char* json :
      {"", "[]", "{}", "null", R"({"keyslots":{}})",
       R"({"keyslots":{"x":{}},"segments":{},"digests":{},"tokens":{},"config":{}})",
       R"({"keyslots":{"0":null},"segments":{},"digests":{},"tokens":{},"config":{}})",
       R"({"keyslots":{},"segments":{"0":{"type":"crypt","offset":"18446744073709551616","size":"dynamic"}},"digests":{},"tokens":{},"config":{}})"}) {
    EXPECT_THAT(ParseHeaderMetadata(json), Fails(Reason::kHeaderRefused))
        << json;
  }
}

}  // namespace
}  // namespace tdxvfs::luks

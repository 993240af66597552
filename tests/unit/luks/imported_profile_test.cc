// SPDX-License-Identifier: Apache-2.0
#include "luks/imported_profile.h"

#include <filesystem>
#include <string>
#include <vector>

#include "luks/header.h"
#include "luks/image_file.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::EditMetadata;
using testing::Fails;
using ::testing::HasSubstr;
using testing::kPassphrase;
using testing::MakeModel;
using testing::Pack;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

class ImportedProfileTest : public ::testing::Test {
 protected:
  Result<void> Check(std::uint64_t header_size) const {
    ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path_));
    ASSIGN_OR_RETURN(const Header header, Header::Read(image, header_size));
    return CheckImportedHeader(header);
  }
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
};

struct Foreign {
  const char* name;
  std::vector<std::string> options;  // of cryptsetup luksFormat
};

class ForeignHeader : public ImportedProfileTest,
                      public ::testing::WithParamInterface<Foreign> {};

TEST_P(ForeignHeader, OfPlainCryptsetupIsTaken) {
  Spill(path_, std::string(std::size_t{24} << 20U, '\0'));
  std::vector<std::string> command{
      "cryptsetup", "luksFormat", "--type", "luks2", "-q", "-d", "-"};
  command.insert(command.end(), GetParam().options.begin(),
                 GetParam().options.end());
  command.push_back(path_.string());
  ASSERT_EQ(RunTool(command, kPassphrase).exit_code, 0);
  ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectImage(path_));
  ASSERT_TRUE(inspection.header.has_value());
  EXPECT_EQ(inspection.header_profile, "imported-1");
  EXPECT_THAT(Check(inspection.header->size), Succeeds());
}

INSTANTIATE_TEST_SUITE_P(
    Table, ForeignHeader,
    ::testing::Values(
        Foreign{"Argon2",
                {"--pbkdf", "argon2id", "--pbkdf-force-iterations", "4",
                 "--pbkdf-memory", "32768", "--pbkdf-parallel", "1"}},
        Foreign{"Pbkdf2WithLabel",
                {"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                 "--label", "model", "--subsystem", "tests"}},
        // cryptsetup writes it in lower case.
        Foreign{"UuidGivenInUpperCase",
                {"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                 "--uuid", "0A64F2B0-3C1D-4E5F-8A9B-0C1D2E3F4A5B"}},
        Foreign{"SmallSectorsAndKey",
                {"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                 "--sector-size", "512", "--key-size", "256"}},
        Foreign{"OtherHashAndMetadataSize",
                {"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                 "--hash", "sha512", "--luks2-metadata-size", "64k"}}),
    [](const auto& row) { return row.param.name; });

// A wrong passphrase would come through once in 2^24 times.
TEST_F(ImportedProfileTest, D1_ADigestOfThreeBytesIsRefused) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  const std::string image = Slurp(path_);
  const std::string member = R"("digest":")";
  const std::size_t begin = image.find(member);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = image.find('"', begin + member.size()) + 1;
  ASSERT_TRUE(EditMetadata(path_, image.substr(begin, end - begin),
                           R"("digest":"4096")"));
  EXPECT_THAT(Check(kDefaultHeaderSize), Fails(Reason::kHeaderRefused));
}

TEST_F(ImportedProfileTest, D1_AKeySlotNumberAbove31IsRefused) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  ASSERT_TRUE(
      EditMetadata(path_, R"("keyslots":{"0":)", R"("keyslots":{"32":)"));
  ASSERT_TRUE(
      EditMetadata(path_, R"("keyslots":["0"])", R"("keyslots":["32"])"));
  const auto checked = Check(kDefaultHeaderSize);
  ASSERT_THAT(checked, Fails(Reason::kHeaderRefused));
  EXPECT_THAT(checked.error().ToString(), HasSubstr("/keyslots/32"));
}

// Which of the two counts, is every reader's own choice.
TEST_F(ImportedProfileTest, D1_AKeySlotThatStandsThereTwiceIsRefused) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  const std::string image = Slurp(path_);
  const std::string before = R"("keyslots":{)";
  const std::size_t begin = image.find(before) + before.size();
  const std::size_t end = image.find(R"(},"tokens")", begin);
  ASSERT_NE(end, std::string::npos);
  const std::string slot = image.substr(begin, end - begin);
  ASSERT_TRUE(EditMetadata(path_, slot, slot + "," + slot));
  const auto checked = Check(kDefaultHeaderSize);
  ASSERT_THAT(checked, Fails(Reason::kHeaderRefused));
  EXPECT_THAT(checked.error().ToString(),
              HasSubstr("'/keyslots/0' stands there twice"));
}

// Two key slots and one of a key that is not the volume's.
class ThreeKeySlots : public ImportedProfileTest {
 protected:
  void SetUp() override {
    const std::vector<std::string> fast{"--pbkdf", "pbkdf2",
                                        "--pbkdf-force-iterations", "1000"};
    const std::string key = (folder_.path() / "key").string();
    Spill(path_, std::string(std::size_t{24} << 20U, '\0'));
    Spill(key, kPassphrase);
    const std::vector<std::vector<std::string>> commands{
        {"luksFormat", "--type", "luks2", path_.string(), key},
        {"luksAddKey", "-d", key, path_.string(), key},
        {"luksAddKey", "-d", key, "--unbound", "--key-size", "256",
         path_.string(), key}};
    for (auto command : commands) {
      command.insert(command.begin(), {"cryptsetup", "-q"});
      command.insert(command.end(), fast.begin(), fast.end());
      const auto result = RunTool(command);
      ASSERT_EQ(result.exit_code, 0) << result.output;
    }
  }
};

TEST_F(ThreeKeySlots, AreTaken) {
  EXPECT_THAT(Check(std::uint64_t{16} << 20U), Succeeds());
}

TEST_F(ThreeKeySlots, D1_MustNotLieInOneArea) {
  ASSERT_TRUE(
      EditMetadata(path_, R"("offset":"290816")", R"("offset":"286720")"));
  EXPECT_THAT(Check(std::uint64_t{16} << 20U), Fails(Reason::kHeaderRefused));
}

TEST_F(ThreeKeySlots, D1_MustNotBeginAtOnePlace) {
  ASSERT_TRUE(
      EditMetadata(path_, R"("offset":"290816")", R"("offset":"32768")"));
  EXPECT_THAT(Check(std::uint64_t{16} << 20U), Fails(Reason::kHeaderRefused));
}

TEST_F(ThreeKeySlots, D1_MustEachHaveADigest) {
  ASSERT_TRUE(
      EditMetadata(path_, R"("keyslots":["0","1"])", R"("keyslots":["0"])"));
  EXPECT_THAT(Check(std::uint64_t{16} << 20U), Fails(Reason::kHeaderRefused));
}

TEST_F(ThreeKeySlots, D1_MustNotHaveTwoDigests) {
  ASSERT_TRUE(
      EditMetadata(path_, R"("keyslots":["2"])", R"("keyslots":["2","1"])"));
  const auto checked = Check(std::uint64_t{16} << 20U);
  ASSERT_THAT(checked, Fails(Reason::kHeaderRefused));
  EXPECT_THAT(checked.error().ToString(),
              HasSubstr("which another digest has"));
}

TEST_F(ThreeKeySlots, D1_OfOneDigestMustHaveKeysOfOneSize) {
  ASSERT_TRUE(EditMetadata(path_, R"("keyslots":["0","1"])",
                           R"("keyslots":["0","2"])"));
  ASSERT_TRUE(
      EditMetadata(path_, R"("keyslots":["2"])", R"("keyslots":["1"])"));
  const auto checked = Check(std::uint64_t{16} << 20U);
  ASSERT_THAT(checked, Fails(Reason::kHeaderRefused));
  EXPECT_THAT(checked.error().ToString(), HasSubstr("different sizes"));
}

struct ImportedEdit {
  const char* name;
  const char* from;
  const char* to;
  bool taken;
};

// The key slot's derivation, in place of pbkdf2's beginning.
constexpr const char* kDerivation =
    R"("type":"pbkdf2","hash":"sha256","iterations":1000,"salt")";

class EditedForImport : public ImportedProfileTest,
                        public ::testing::WithParamInterface<ImportedEdit> {};

TEST_P(EditedForImport, IsJudgedByItsOwnBytes) {
  MakeModel(folder_.path() / "model", 1000);
  ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  ASSERT_THAT(Check(kDefaultHeaderSize), Succeeds());
  ASSERT_TRUE(EditMetadata(path_, GetParam().from, GetParam().to));
  if (GetParam().taken) {
    EXPECT_THAT(Check(kDefaultHeaderSize), Succeeds());
  } else {
    EXPECT_THAT(Check(kDefaultHeaderSize), Fails(Reason::kHeaderRefused));
  }
}

constexpr const char* kSector = R"("sector_size":4096)";
constexpr const char* kTweak = R"("iv_tweak":"0")";
constexpr const char* kIterations = R"("iterations":1000,"salt")";

INSTANTIATE_TEST_SUITE_P(
    Table, EditedForImport,
    ::testing::Values(
        ImportedEdit{"SmallSectors", kSector, R"("sector_size":512)", true},
        ImportedEdit{"OddSectors", kSector, R"("sector_size":513)", false},
        ImportedEdit{"HugeSectors", kSector, R"("sector_size":8192)", false},
        ImportedEdit{"Tokens", R"("tokens":{})",
                     R"("tokens":{"0":{"type":"x","keyslots":["0"],"a":{}}})",
                     true},
        ImportedEdit{"TokensAreNoObject", R"("tokens":{})", R"("tokens":[])",
                     false},
        ImportedEdit{"TokenIsNoObject", R"("tokens":{})", R"("tokens":{"0":1})",
                     false},
        ImportedEdit{"TokenIsNoNumber", R"("tokens":{})",
                     R"("tokens":{"x":{"type":"x","keyslots":[]}})", false},
        ImportedEdit{"TokenWithoutKeySlots", R"("tokens":{})",
                     R"("tokens":{"0":{"type":"x"}})", false},
        ImportedEdit{"TokenWithoutType", R"("tokens":{})",
                     R"("tokens":{"0":{"keyslots":[]}})", false},
        ImportedEdit{"TokenOfAMissingKeySlot", R"("tokens":{})",
                     R"("tokens":{"0":{"type":"x","keyslots":["7"]}})", false},
        ImportedEdit{"TokenOfAKeySlotTwice", R"("tokens":{})",
                     R"("tokens":{"0":{"type":"x","keyslots":["0","0"]}})",
                     false},
        ImportedEdit{"D1_AreaWithALeadingZero", R"("offset":"32768")",
                     R"("offset":"032768")", false},
        ImportedEdit{"D1_KeySlotWithALeadingZero", R"("keyslots":{"0":)",
                     R"("keyslots":{"00":)", false},
        ImportedEdit{"Flags", R"("config":{)",
                     R"("config":{"flags":["no-journal"],)", true},
        ImportedEdit{"FlagsAreNoList", R"("config":{)",
                     R"("config":{"flags":null,)", false},
        ImportedEdit{"FlagsAreNoTexts", R"("config":{)",
                     R"("config":{"flags":[1],)", false},
        ImportedEdit{"D1_NullCipher",
                     R"("encryption":"aes-xts-plain64","sector_size")",
                     R"("encryption":"cipher_null-ecb","sector_size")", false},
        ImportedEdit{"D1_NullCipherOfTheKeySlot",
                     R"("encryption":"aes-xts-plain64","key_size")",
                     R"("encryption":"cipher_null-ecb","key_size")", false},
        ImportedEdit{"D1_DoubledMember", kTweak,
                     R"("iv_tweak":"0","iv_tweak":"0")", false},
        ImportedEdit{"D1_UnknownMember", kTweak, R"("iv_tweak":"0","more":"0")",
                     false},
        ImportedEdit{"D1_OtherSpelling", kTweak, R"("IV_tweak":"0")", false},
        ImportedEdit{"D1_OtherOffset", R"("offset":"1048576")",
                     R"("offset":"2097152")", false},
        ImportedEdit{
            "D1_Integrity", kSector,
            R"x("sector_size":4096,"integrity":{"type":"hmac(sha256)"})x",
            false},
        ImportedEdit{"D1_OtherStripes", R"("stripes":4000)",
                     R"("stripes":3999)", false},
        ImportedEdit{"D1_SaltIsNoText", R"("salt":)", R"("salt":null,"was":)",
                     false},
        ImportedEdit{"D1_SaltIsNoBase64", R"("salt":")", R"("salt":" )", false},
        ImportedEdit{"D1_DigestIsEmpty", R"("digest":")",
                     R"("digest":"","was":")", false},
        ImportedEdit{"D1_DigestIsANumber", R"("digest":")",
                     R"("digest":0,"was":")", false},
        ImportedEdit{"D1_SegmentsAreNoNumbers", R"("segments":["0"])",
                     R"("segments":["0\u0000"])", false},
        ImportedEdit{"D1_DoubledKeySlot", R"("keyslots":["0"])",
                     R"("keyslots":["0","0"])", false},
        ImportedEdit{"D1_BlankBeforeTheObject", R"({"keyslots":{)",
                     R"( {"keyslots":{)", false},
        ImportedEdit{"D1_SegmentWithoutDigest", R"("segments":["0"])",
                     R"("segments":[])", false},
        ImportedEdit{"D1_DigestOfAMissingSegment", R"("segments":["0"])",
                     R"("segments":["1"])", false},
        ImportedEdit{"D1_DigestOfAMissingKeySlot", R"("keyslots":["0"])",
                     R"("keyslots":["1"])", false},
        ImportedEdit{"D1_AreaInTheMetadata", R"("offset":"32768")",
                     R"("offset":"28672")", false},
        ImportedEdit{"D1_AreaOffItsBlock", R"("offset":"32768")",
                     R"("offset":"33280")", false},
        ImportedEdit{"D1_AreaSmallerThanItsKey", R"("size":"258048")",
                     R"("size":"255488")", false},
        ImportedEdit{"D1_AreaBeyondItsRegion", R"("size":"258048")",
                     R"("size":"262144")", false},
        ImportedEdit{"D1_OtherJsonSize", R"("json_size":"12288")",
                     R"("json_size":"8192")", false},
        ImportedEdit{"D1_RegionBeyondTheHeader", R"("keyslots_size":"258048")",
                     R"("keyslots_size":"1048576")", false},
        ImportedEdit{"D1_RegionOfNoWholeBlocks", R"("keyslots_size":"258048")",
                     R"("keyslots_size":"258560")", false},
        ImportedEdit{"D1_NoKeySlotNumber", R"("keyslots":{"0":)",
                     R"("keyslots":{"a":)", false},
        ImportedEdit{"D7_Flags", kSector,
                     R"("sector_size":4096,"flags":["backup-final"])", false},
        ImportedEdit{
            "D7_Requirements", R"("config":{)",
            R"("config":{"requirements":{"mandatory":["online-reencrypt"]},)",
            false},
        ImportedEdit{"D7_ReencryptSlot", R"("type":"luks2")",
                     R"("type":"reencrypt")", false},
        ImportedEdit{"D8_MostIterations", kIterations,
                     R"("iterations":10000000,"salt")", true},
        ImportedEdit{"D8_TooManyIterations", kIterations,
                     R"("iterations":10000001,"salt")", false},
        ImportedEdit{"D8_TooFewIterations", kIterations,
                     R"("iterations":999,"salt")", false},
        ImportedEdit{"D8_NegativeIterations", kIterations,
                     R"("iterations":-1000,"salt")", false},
        ImportedEdit{
            "D8_MostArgon", kDerivation,
            R"("type":"argon2id","time":16,"memory":1048576,"cpus":4,"salt")",
            true},
        ImportedEdit{"D8_OtherArgon", kDerivation,
                     R"("type":"argon2i","time":1,"memory":1,"cpus":1,"salt")",
                     true},
        ImportedEdit{"D8_UnknownArgon", kDerivation,
                     R"("type":"argon2d","time":4,"memory":64,"cpus":1,"salt")",
                     false},
        ImportedEdit{
            "D8_TooManyPasses", kDerivation,
            R"("type":"argon2id","time":17,"memory":64,"cpus":4,"salt")",
            false},
        ImportedEdit{
            "D8_NoPass", kDerivation,
            R"("type":"argon2id","time":0,"memory":64,"cpus":4,"salt")", false},
        ImportedEdit{
            "D8_TooMuchMemory", kDerivation,
            R"("type":"argon2id","time":4,"memory":1048577,"cpus":4,"salt")",
            false},
        ImportedEdit{
            "D8_TooManyLanes", kDerivation,
            R"("type":"argon2id","time":4,"memory":64,"cpus":5,"salt")", false},
        ImportedEdit{"D8_ArgonWithoutMemory", kDerivation,
                     R"("type":"argon2id","time":4,"cpus":4,"salt")", false},
        ImportedEdit{"D8_ArgonWithAHash", kDerivation,
                     R"("type":"argon2id","hash":"sha256","time":4,)"
                     R"("memory":64,"cpus":4,"salt")",
                     false},
        ImportedEdit{"D1_UnknownHash", kDerivation,
                     R"("type":"pbkdf2","hash":"md5","iterations":1000,"salt")",
                     false},
        ImportedEdit{"D1_KeyOfAnOddSize", R"("type":"luks2","key_size":64)",
                     R"("type":"luks2","key_size":48)", false},
        ImportedEdit{"D1_AreaKeyOfAnOddSize",
                     R"("encryption":"aes-xts-plain64","key_size":64)",
                     R"("encryption":"aes-xts-plain64","key_size":16)", false},
        ImportedEdit{"D1_OtherSplitting", R"("af":{"type":"luks1")",
                     R"("af":{"type":"luks2")", false},
        ImportedEdit{"D1_AreaOfAnotherType", R"("area":{"type":"raw")",
                     R"("area":{"type":"none")", false},
        ImportedEdit{"D1_FixedSize", R"("size":"dynamic")", R"("size":"4096")",
                     false},
        ImportedEdit{"D1_IvOffset", kTweak, R"("iv_tweak":"8")", false},
        ImportedEdit{"D1_LinearSegment", R"("type":"crypt")",
                     R"("type":"linear")", false},
        ImportedEdit{"SetAside", R"("type":"luks2","key_size":64)",
                     R"("type":"luks2","priority":0,"key_size":64)", true},
        ImportedEdit{"D1_UnknownPriority", R"("type":"luks2","key_size":64)",
                     R"("type":"luks2","priority":3,"key_size":64)", false}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
// Headers as a host can write them: the meaning is changed and every checksum
// is right. The digest that the grant pins is never compared here, so each row
// reaches the profile.
#include "luks/sealed_profile.h"

#include <cctype>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/hex.h"
#include "common/sha256.h"
#include "luks/imported_profile.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::Fails;
using testing::MakeModel;
using testing::Pack;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr std::size_t kArea = 16384;         // bytes
constexpr std::size_t kBinary = 4096;        // bytes
constexpr std::size_t kChecksumField = 448;  // bytes

// A leaf of the metadata: its pointer and the value that the profile wants.
struct Leaf {
  const char* path;
  const char* value;
};

constexpr const char* kSalt =
    R"("f2PXNiRzdMe70C2Kn02kgQdpWWHbVGbbBLlP6+xH664=")";

const std::vector<Leaf>& Leaves() {
  static const std::vector<Leaf> leaves{
      {"/keyslots/0/type", R"("luks2")"},
      {"/keyslots/0/key_size", "64"},
      {"/keyslots/0/af/type", R"("luks1")"},
      {"/keyslots/0/af/stripes", "4000"},
      {"/keyslots/0/af/hash", R"("sha256")"},
      {"/keyslots/0/area/type", R"("raw")"},
      {"/keyslots/0/area/offset", R"("32768")"},
      {"/keyslots/0/area/size", R"("258048")"},
      {"/keyslots/0/area/encryption", R"("aes-xts-plain64")"},
      {"/keyslots/0/area/key_size", "64"},
      {"/keyslots/0/kdf/type", R"("pbkdf2")"},
      {"/keyslots/0/kdf/hash", R"("sha256")"},
      {"/keyslots/0/kdf/iterations", "1000"},
      {"/keyslots/0/kdf/salt", kSalt},
      {"/tokens", "{}"},
      {"/segments/0/type", R"("crypt")"},
      {"/segments/0/offset", R"("1048576")"},
      {"/segments/0/size", R"("dynamic")"},
      {"/segments/0/iv_tweak", R"("0")"},
      {"/segments/0/encryption", R"("aes-xts-plain64")"},
      {"/segments/0/sector_size", "4096"},
      {"/digests/0/type", R"("pbkdf2")"},
      {"/digests/0/keyslots", R"(["0"])"},
      {"/digests/0/segments", R"(["0"])"},
      {"/digests/0/hash", R"("sha256")"},
      {"/digests/0/iterations", "1000"},
      {"/digests/0/salt", kSalt},
      {"/digests/0/digest", kSalt},
      {"/config/json_size", R"("12288")"},
      {"/config/keyslots_size", R"("258048")"}};
  return leaves;
}

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// The text of every leaf by its pointer, changed, left out or added to; objects
// come out of the pointers.
using Texts = std::map<std::string, std::string>;

Texts GoodTexts() {
  Texts texts;
  for (const Leaf& leaf : Leaves()) {
    texts[leaf.path] =
        "\"" + NameOf(leaf.path) + "\":" + std::string(leaf.value);
  }
  return texts;
}

// Pointers sort so that everything of one object stands together.
std::string ObjectText(const Texts& texts, const std::string& prefix) {
  std::string text;
  std::string last;
  for (const auto& [path, leaf] : texts) {
    if (!path.starts_with(prefix)) {
      continue;
    }
    const std::string rest = path.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    std::string member = leaf;
    if (slash != std::string::npos) {
      if (name == last) {
        continue;
      }
      last = name;
      member = "\"" + name + "\":" + ObjectText(texts, prefix + name + "/");
    }
    if (!member.empty()) {
      text += (text.empty() ? "" : ",") + member;
    }
  }
  return "{" + text + "}";
}

std::string JsonOf(const Texts& texts) { return ObjectText(texts, "/"); }

void MendChecksum(std::string* image, std::size_t area) {
  image->replace(area * kArea + kChecksumField, 64, 64, '\0');
  const auto digest =
      Sha256(AsBytes(std::string_view(*image).substr(area * kArea, kArea)));
  image->replace(area * kArea + kChecksumField, 32, AsText(digest.value()));
}

// The same bytes in both copies.
void PutInBoth(std::string* image, std::size_t at, std::string_view bytes) {
  for (const std::size_t area : {0U, 1U}) {
    image->replace(area * kArea + at, bytes.size(), bytes);
    MendChecksum(image, area);
  }
}

void PutJson(std::string* image, std::size_t area, std::string json) {
  json.resize(kArea - kBinary, '\0');
  image->replace(area * kArea + kBinary, json.size(), json);
  MendChecksum(image, area);
}

class SealedProfile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const TemporaryFolder folder;
    MakeModel(folder.path() / "model", 10);
    ASSERT_THAT(Pack(folder.path() / "model", folder.path() / "x.img"),
                Succeeds());
    shared_image = Slurp(folder.path() / "x.img");
  }
  static HeaderRefusals RefusalsOf(const std::string& bytes,
                                   std::uint64_t size = kDefaultHeaderSize) {
    const TemporaryFolder folder;
    Spill(folder.path() / "y.img", bytes);
    const auto image = ImageFile::Open(folder.path() / "y.img");
    const auto header = Header::Read(*image, size);
    EXPECT_THAT(header, Succeeds());
    const auto refusals = SealedRefusals(*header);
    EXPECT_THAT(refusals, Succeeds());
    EXPECT_EQ(CheckSealedHeader(*header).has_value(), refusals->empty());
    if (!refusals->empty()) {
      EXPECT_THAT(CheckSealedHeader(*header), Fails(Reason::kHeaderRefused));
    }
    return *refusals;
  }
  static HeaderRefusals RefusalsForImport(const std::string& bytes) {
    const TemporaryFolder folder;
    Spill(folder.path() / "y.img", bytes);
    const auto image = ImageFile::Open(folder.path() / "y.img");
    const auto header = Header::Read(*image, kDefaultHeaderSize);
    const auto refusals = ImportedRefusals(*header);
    EXPECT_THAT(refusals, Succeeds());
    return *refusals;
  }
  // With this metadata in both areas.
  static HeaderRefusals RefusalsOfJson(const std::string& json) {
    std::string image = shared_image;
    PutJson(&image, 0, json);
    PutJson(&image, 1, json);
    return RefusalsOf(image);
  }
  // Exactly this path is refused, and nothing else.
  static void ExpectRefused(const Texts& texts, const std::string& path) {
    const HeaderRefusals refusals = RefusalsOfJson(JsonOf(texts));
    ASSERT_EQ(refusals.size(), 1U) << path << ": " << JsonOf(texts);
    EXPECT_EQ(refusals.front().path, path) << refusals.front().reason;
  }
  static std::string shared_image;
};
std::string SealedProfile::shared_image;

TEST_F(SealedProfile, TakesWhatWePack) {
  EXPECT_TRUE(RefusalsOf(shared_image).empty());
  EXPECT_TRUE(RefusalsOfJson(JsonOf(GoodTexts())).empty());
}

// 30 members, each changed in four ways: 120 headers.
TEST_F(SealedProfile, D1_EveryMemberMustBeThereOnceAsItsOwnType) {
  for (const Leaf& leaf : Leaves()) {
    const std::string path = leaf.path;
    Texts texts = GoodTexts();
    texts[path] = "";
    ExpectRefused(texts, path);
    texts = GoodTexts();
    texts[path] += "," + texts[path];
    ExpectRefused(texts, path);
    for (const char* other : {"null", "[[]]"}) {
      texts[path] = "\"" + NameOf(path) + "\":" + other;
      ExpectRefused(texts, path);
    }
  }
}

TEST_F(SealedProfile, D1_AMemberInOtherCaseIsUnknownAndTheTrueOneMissing) {
  for (const Leaf& leaf : Leaves()) {
    const std::string path = leaf.path;
    Texts texts = GoodTexts();
    std::string name = NameOf(path);
    name[0] = static_cast<char>(std::toupper(name[0]));
    texts[path] = "\"" + name + "\":" + leaf.value;
    const HeaderRefusals refusals = RefusalsOfJson(JsonOf(texts));
    ASSERT_EQ(refusals.size(), 2U) << path;
    EXPECT_EQ(refusals[1].path, path);
  }
}

struct Change {
  const char* name;
  const char* path;  // the member that gets this text
  const char* text;
  const char* refused;  // nothing: the same path
};

class ChangedMember : public SealedProfile,
                      public ::testing::WithParamInterface<Change> {};

TEST_P(ChangedMember, IsRefusedByItsPath) {
  Texts texts = GoodTexts();
  texts[GetParam().path] = GetParam().text;
  ExpectRefused(texts, GetParam().refused != nullptr ? GetParam().refused
                                                     : GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChangedMember,
    ::testing::Values(
        Change{"D1_NullCipher", "/segments/0/encryption",
               R"("encryption":"cipher_null-ecb")", nullptr},
        Change{"D1_Cbc", "/segments/0/encryption",
               R"("encryption":"aes-cbc-plain64")", nullptr},
        Change{"D1_NullCipherOfTheSlot", "/keyslots/0/area/encryption",
               R"("encryption":"cipher_null-ecb")", nullptr},
        Change{"D1_ShortKey", "/keyslots/0/key_size", R"("key_size":32)",
               nullptr},
        Change{"D1_ShortAreaKey", "/keyslots/0/area/key_size",
               R"("key_size":32)", nullptr},
        Change{"D1_OffsetInsideTheHeader", "/segments/0/offset",
               R"("offset":"4096")", nullptr},
        Change{"D1_OffsetBehind", "/segments/0/offset", R"("offset":"1052672")",
               nullptr},
        Change{"D1_OffsetWithBlank", "/segments/0/offset",
               R"("offset":" 1048576")", nullptr},
        Change{"D1_FixedSize", "/segments/0/size", R"("size":"4096")", nullptr},
        Change{"D1_IvTweak", "/segments/0/iv_tweak", R"("iv_tweak":"8")",
               nullptr},
        Change{"D1_SmallSectors", "/segments/0/sector_size",
               R"("sector_size":512)", nullptr},
        Change{"D1_LinearSegment", "/segments/0/type", R"("type":"linear")",
               nullptr},
        Change{"D1_SegmentFlags", "/segments/0/flags",
               R"("flags":["backup-final"])", nullptr},
        Change{"D1_Integrity", "/segments/0/integrity",
               R"x("integrity":{"type":"hmac(sha256)"})x", nullptr},
        Change{"D1_TwoSegments", "/segments/1", R"("1":{})", nullptr},
        Change{"D1_TwoKeySlots", "/keyslots/1", R"("1":{})", nullptr},
        Change{"D1_TwoDigests", "/digests/1", R"("1":{})", nullptr},
        Change{"D1_SlotPriority", "/keyslots/0/priority", R"("priority":2)",
               nullptr},
        Change{"D7_ReencryptSlot", "/keyslots/0/type", R"("type":"reencrypt")",
               nullptr},
        Change{"D7_Requirements", "/config/requirements",
               R"("requirements":{"mandatory":["online-reencrypt"]})", nullptr},
        Change{"D7_EmptyRequirements", "/config/requirements",
               R"("requirements":{})", nullptr},
        Change{"Discards", "/config/flags", R"("flags":["allow-discards"])",
               nullptr},
        Change{"Token", "/tokens", R"("tokens":{"0":{}})", "/tokens/0"},
        Change{"EscapedName", "/segments/0/type", R"("typ\u0065":"crypt")",
               "/"},
        Change{"EscapedText", "/segments/0/type", R"("type":"cryp\u0074")",
               "/"},
        Change{"Stripes", "/keyslots/0/af/stripes", R"("stripes":1)", nullptr},
        Change{"AfHash", "/keyslots/0/af/hash", R"("hash":"sha1")", nullptr},
        Change{"AfType", "/keyslots/0/af/type", R"("type":"luks2")", nullptr},
        Change{"AreaType", "/keyslots/0/area/type", R"("type":"none")",
               nullptr},
        Change{"AreaInTheMetadata", "/keyslots/0/area/offset",
               R"("offset":"16384")", nullptr},
        Change{"AreaInTheData", "/keyslots/0/area/offset",
               R"("offset":"1048576")", nullptr},
        Change{"AreaTooLarge", "/keyslots/0/area/size",
               R"("size":"18446744073709551615")", nullptr},
        Change{"D8_OneIterationTooMany", "/keyslots/0/kdf/iterations",
               R"("iterations":100001)", nullptr},
        Change{"D8_OneIterationTooFew", "/keyslots/0/kdf/iterations",
               R"("iterations":999)", nullptr},
        Change{"D8_NegativeIterations", "/keyslots/0/kdf/iterations",
               R"("iterations":-1000)", nullptr},
        Change{"D8_FractionalIterations", "/keyslots/0/kdf/iterations",
               R"("iterations":1000.0)", nullptr},
        Change{"D8_CostlyDigest", "/digests/0/iterations",
               R"("iterations":4294967295)", nullptr},
        Change{"D8_Argon", "/keyslots/0/kdf/type", R"("type":"argon2id")",
               nullptr},
        Change{"D8_ArgonMemory", "/keyslots/0/kdf/memory",
               R"("memory":1048576)", nullptr},
        Change{"KdfHash", "/keyslots/0/kdf/hash", R"("hash":"md5")", nullptr},
        Change{"ShortSalt", "/keyslots/0/kdf/salt", R"("salt":"AAAA")",
               nullptr},
        Change{"SaltNoBase64", "/digests/0/salt",
               R"("salt":"f2PXNiRzdMe70C2Kn02kgQdpWWHbVGbbBLlP6-xH664=")",
               nullptr},
        Change{"SaltWithSpareBits", "/digests/0/salt",
               R"("salt":"f2PXNiRzdMe70C2Kn02kgQdpWWHbVGbbBLlP6+xH665=")",
               nullptr},
        Change{"DigestOfNoSlot", "/digests/0/keyslots", R"("keyslots":[])",
               nullptr},
        Change{"DigestOfAnotherSlot", "/digests/0/keyslots",
               R"("keyslots":["1"])", nullptr},
        Change{"DigestOfTwoSlots", "/digests/0/keyslots",
               R"("keyslots":["0","0"])", nullptr},
        Change{"DigestOfNoSegment", "/digests/0/segments", R"("segments":[])",
               nullptr},
        Change{"DigestHash", "/digests/0/hash", R"("hash":"sha512")", nullptr},
        Change{"DigestType", "/digests/0/type", R"("type":"sha256")", nullptr},
        Change{"JsonSize", "/config/json_size", R"("json_size":"16384")",
               nullptr},
        Change{"KeySlotsSize", "/config/keyslots_size",
               R"("keyslots_size":"0")", nullptr},
        Change{"ExtraAtTheTop", "/extra", R"("extra":{})", nullptr},
        Change{"ExtraInAf", "/keyslots/0/af/extra", R"("extra":1)", nullptr},
        Change{"ExtraInArea", "/keyslots/0/area/extra", R"("extra":1)",
               nullptr},
        Change{"ExtraInDigest", "/digests/0/extra", R"("extra":1)", nullptr}),
    [](const auto& row) { return row.param.name; });

TEST_F(SealedProfile, D2_CopiesThatDifferAreRefused) {
  std::string image = shared_image;
  Texts texts = GoodTexts();
  PutJson(&image, 0, JsonOf(texts));
  PutJson(&image, 1, JsonOf(texts) + " ");
  const HeaderRefusals refusals = RefusalsOf(image);
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals.front().path, "/");
}

TEST_F(SealedProfile, WhatBothCopiesHaveAndOursHaveNotIsRefused) {
  for (const auto& [at, bytes, member] :
       {std::tuple(std::size_t{16}, std::string(8, '\0'), "seqid"),
        std::tuple(std::size_t{24}, std::string("model"), "label"),
        std::tuple(std::size_t{208}, std::string("tests"), "subsystem")}) {
    std::string image = shared_image;
    PutInBoth(&image, at, bytes);
    const HeaderRefusals refusals = RefusalsOf(image);
    ASSERT_EQ(refusals.size(), 2U) << member;
    EXPECT_EQ(refusals[0].path, std::string("binary/0/") + member);
    EXPECT_EQ(refusals[1].path, std::string("binary/1/") + member);
  }
}

// Other makers may have both texts, but one of each.
TEST_F(SealedProfile, D2_ALabelOfOneCopyAloneIsRefused) {
  for (const auto& [at, path] : {std::pair(24, "binary/1/label"),
                                 std::pair(208, "binary/1/subsystem")}) {
    std::string image = shared_image;
    image[kArea + static_cast<std::size_t>(at)] = 'x';
    MendChecksum(&image, 1);
    const HeaderRefusals refusals = RefusalsForImport(image);
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals.front().path, path);
    image[static_cast<std::size_t>(at)] = 'x';
    MendChecksum(&image, 0);
    EXPECT_TRUE(RefusalsForImport(image).empty());
  }
}

TEST_F(SealedProfile, JunkBehindOrInsteadOfTheMetadataIsRefused) {
  const std::string json = JsonOf(GoodTexts());
  for (const std::string& junk :
       {json + std::string("\0x", 2), std::string(), std::string("[]"),
        json.substr(0, json.size() - 1), json + "{}"}) {
    EXPECT_FALSE(RefusalsOfJson(junk).empty()) << junk;
  }
  std::string image = shared_image;
  image[kDefaultHeaderSize - 1] = 'x';
  const HeaderRefusals refusals = RefusalsOf(image);
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals.front().path, "/");
}

struct BinaryChange {
  const char* name;
  std::size_t at;  // byte in the binary header
  const char* member;
};

class ChangedBinaryHeader : public SealedProfile,
                            public ::testing::WithParamInterface<BinaryChange> {
};

// In either copy, with its checksum mended.
TEST_P(ChangedBinaryHeader, IsRefusedInEitherCopy) {
  for (const std::size_t area : {0U, 1U}) {
    std::string image = shared_image;
    char& byte = image[area * kArea + GetParam().at];
    byte = static_cast<char>(byte ^ 4);
    MendChecksum(&image, area);
    const std::string ours =
        "binary/" + std::to_string(area) + "/" + GetParam().member;
    const std::string other = std::string("binary/1/") +
                              GetParam().member;  // compared with the first
    bool found = false;
    for (const HeaderRefusal& refusal : RefusalsOf(image)) {
      found |= refusal.path == ours || refusal.path == other;
    }
    EXPECT_TRUE(found) << ours;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChangedBinaryHeader,
    ::testing::Values(BinaryChange{"Size", 14, "hdr_size"},
                      BinaryChange{"Sequence", 23, "seqid"},
                      BinaryChange{"Label", 24, "label"},
                      BinaryChange{"ChecksumName", 77, "csum_alg"},
                      BinaryChange{"ChecksumNameLonger", 90, "csum_alg"},
                      BinaryChange{"Uuid", 170, "uuid"},
                      BinaryChange{"UuidLonger", 205, "uuid"},
                      BinaryChange{"Subsystem", 208, "subsystem"},
                      BinaryChange{"Offset", 263, "hdr_offset"},
                      BinaryChange{"Padding", 264, "padding"},
                      BinaryChange{"LastPadding", 4095, "padding"}),
    [](const auto& row) { return row.param.name; });

TEST_F(SealedProfile, AUuidThatIsNoneIsRefusedAlsoWhereBothCopiesHaveIt) {
  constexpr std::size_t uuid_at = 168;
  for (const std::string& uuid :
       {std::string(36, '\0'), std::string(36, 'a'),
        std::string("0A64F2B0-3C1D-4E5F-8A9B-0C1D2E3F4A5B")}) {
    std::string image = shared_image;
    PutInBoth(&image, uuid_at, uuid);
    const HeaderRefusals refusals = RefusalsOf(image);
    ASSERT_EQ(refusals.size(), 2U) << uuid;
    EXPECT_EQ(refusals[0].path, "binary/0/uuid");
    EXPECT_EQ(refusals[1].path, "binary/1/uuid");
    // No key server registers one of another form, whoever made the header.
    const HeaderRefusals foreign = RefusalsForImport(image);
    ASSERT_EQ(foreign.size(), 2U) << uuid;
    EXPECT_EQ(foreign[0].path, "binary/0/uuid");
  }
}

TEST_F(SealedProfile, AWrongChecksumMagicOrVersionOfTheSecondCopyIsRefused) {
  for (const auto& [at, member] :
       std::vector<std::pair<std::size_t, std::string>>{
           {448, "csum"}, {500, "csum"}, {0, "magic"}, {7, "version"}}) {
    std::string image = shared_image;
    image[kArea + at] = static_cast<char>(image[kArea + at] ^ 1);
    if (member != "csum") {
      MendChecksum(&image, 1);
    }
    const HeaderRefusals refusals = RefusalsOf(image);
    ASSERT_EQ(refusals.size(), 1U) << member;
    EXPECT_EQ(refusals.front().path, "binary/1/" + member);
  }
}

TEST_F(SealedProfile, AHeaderOfAnotherSizeIsRefused) {
  EXPECT_FALSE(RefusalsOf(shared_image, 4096).empty());
  EXPECT_FALSE(RefusalsOf(shared_image, 524288).empty());
}

}  // namespace
}  // namespace tdxvfs::luks

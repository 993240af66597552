// SPDX-License-Identifier: Apache-2.0
#include "luks/image/manifest.h"

#include <string>

#include "tests/support/result_matchers.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;

Manifest Example() {
  Manifest manifest;
  manifest.uuid = "6d9b4f10-1111-4222-8333-444455556666";
  manifest.header_size = 1048576;
  manifest.header_sha256.fill(0xab);
  manifest.header_profile = "sealed-1";
  manifest.file_system = "erofs";
  manifest.mount_options = {"ro", "noatime"};
  manifest.data_size = 8192;
  manifest.image_size = 1048576 + 8192;
  return manifest;
}

Manifest ExampleWithVerity() {
  Manifest manifest = Example();
  luks::VerityParameters verity;
  verity.data_blocks = 200;
  verity.hash_start_block = 200;
  verity.salt = {0x00, 0xfe};
  verity.root_hash.fill(0xcd);
  manifest.data_size = std::uint64_t{203} * 4096;
  manifest.image_size = manifest.header_size + manifest.data_size;
  manifest.verity = verity;
  return manifest;
}

std::string ManifestWith(std::string_view from, std::string_view to,
                         const Manifest& manifest = Example()) {
  std::string json = ManifestJson(manifest);
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(Manifest, ReadsWhatItWrites) {
  const Manifest written = Example();
  ASSERT_OK_AND_ASSIGN(const Manifest read,
                       ParseManifest(ManifestJson(written)));
  EXPECT_EQ(read.uuid, written.uuid);
  EXPECT_EQ(read.header_size, written.header_size);
  EXPECT_EQ(read.header_sha256, written.header_sha256);
  EXPECT_EQ(read.header_profile, written.header_profile);
  EXPECT_EQ(read.file_system, written.file_system);
  EXPECT_EQ(read.mount_options, written.mount_options);
  EXPECT_EQ(read.data_size, written.data_size);
  EXPECT_EQ(read.image_size, written.image_size);
}

TEST(Manifest, AnOlderOneHasNoVerity) {
  ASSERT_OK_AND_ASSIGN(const Manifest read,
                       ParseManifest(ManifestJson(Example())));
  EXPECT_FALSE(read.verity.has_value());
}

TEST(Manifest, ReadsVerityAsItWritesIt) {
  const Manifest written = ExampleWithVerity();
  const std::string json = ManifestJson(written);
  EXPECT_NE(json.find(R"("verity":{"hash":"sha256","data_block_size":4096,)"
                      R"("hash_block_size":4096,"data_blocks":200,)"
                      R"("hash_start_block":200,"salt":"00fe",)"
                      R"("root_hash":"cdcd)"),
            std::string::npos)
      << json;
  ASSERT_OK_AND_ASSIGN(const Manifest read, ParseManifest(json));
  EXPECT_EQ(read.verity, written.verity);
}

TEST(Manifest, VerityMayHaveNoSalt) {
  Manifest written = ExampleWithVerity();
  written.verity->salt.clear();
  ASSERT_OK_AND_ASSIGN(const Manifest read,
                       ParseManifest(ManifestJson(written)));
  EXPECT_EQ(read.verity, written.verity);
}

TEST(Manifest, HoldsNoPassphrase) {
  EXPECT_EQ(ManifestJson(Example()).find("pass"), std::string::npos);
}

TEST(Manifest, RefusesEveryTruncation) {
  const std::string json = ManifestJson(Example());
  for (std::size_t size = 0; size + 2 <= json.size(); ++size) {
    EXPECT_THAT(ParseManifest(json.substr(0, size)),
                Fails(Reason::kFileInvalid))
        << size;
  }
}

struct BadManifest {
  const char* name;
  const char* from;
  const char* to;
};

class BadManifests : public ::testing::TestWithParam<BadManifest> {};

TEST_P(BadManifests, AreRefused) {
  EXPECT_THAT(ParseManifest(ManifestWith(GetParam().from, GetParam().to)),
              Fails(Reason::kFileInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadManifests,
    ::testing::Values(
        BadManifest{"Unknown", "{", R"({"extra":1,)"},
        BadManifest{"Doubled", "{", R"({"version":1,)"},
        BadManifest{"OtherCase", R"("uuid")", R"("UUID")"},
        BadManifest{"Null", R"("erofs")", "null"},
        BadManifest{"Empty", R"("erofs")", R"("")"},
        BadManifest{"WrongType", "1048576", R"("1048576")"},
        BadManifest{"Negative", "1048576", "-1048576"},
        BadManifest{"LargerThanAnyFile", "1048576", "9223372036854775808"},
        BadManifest{"OtherVersion", R"("version":1)", R"("version":2)"},
        BadManifest{"ShortDigest", "abab", "ab"},
        BadManifest{"NoHex", "abab", "xxab"},
        BadManifest{"OptionOfWrongType", R"("noatime")", "7"},
        BadManifest{"SizesDoNotAddUp", "8192", "4096"},
        BadManifest{"Trailing", "\n", "{}\n"}),
    [](const auto& row) { return row.param.name; });

class BadVerity : public ::testing::TestWithParam<BadManifest> {};

TEST_P(BadVerity, IsRefused) {
  EXPECT_THAT(ParseManifest(ManifestWith(GetParam().from, GetParam().to,
                                         ExampleWithVerity())),
              Fails(Reason::kFileInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadVerity,
    ::testing::Values(
        BadManifest{"NoObject", R"("verity":{)", R"("verity":7,"x":{)"},
        BadManifest{"Unknown", R"("verity":{)", R"("verity":{"fec":1,)"},
        BadManifest{"Doubled", R"("verity":{)", R"("verity":{"salt":"00",)"},
        BadManifest{"OtherCase", R"("salt")", R"("Salt")"},
        BadManifest{"Missing", R"("hash":"sha256",)", ""},
        BadManifest{"OtherHash", R"("sha256")", R"("sha1")"},
        BadManifest{"HashOfWrongType", R"("sha256")", "256"},
        BadManifest{"OtherDataBlockSize", R"(data_block_size":4096)",
                    R"(data_block_size":512)"},
        BadManifest{"OtherHashBlockSize", R"(hash_block_size":4096)",
                    R"(hash_block_size":1024)"},
        BadManifest{"NoBlocks", R"("data_blocks":200)", R"("data_blocks":0)"},
        BadManifest{"NegativeBlocks", R"("data_blocks":200)",
                    R"("data_blocks":-200)"},
        BadManifest{"TreeWithinTheData", R"("data_blocks":200)",
                    R"("data_blocks":201)"},
        BadManifest{"TreeBehindTheEnd", R"("hash_start_block":200)",
                    R"("hash_start_block":201)"},
        BadManifest{"HugeBlocks", R"("data_blocks":200)",
                    R"("data_blocks":18446744073709551615)"},
        BadManifest{"HugeStart", R"("hash_start_block":200)",
                    R"("hash_start_block":18446744073709551615)"},
        BadManifest{"OddSalt", R"("00fe")", R"("00f")"},
        BadManifest{"UpperCaseSalt", R"("00fe")", R"("00FE")"},
        BadManifest{"SaltOfWrongType", R"("00fe")", "0"},
        BadManifest{"ShortRootHash", "cdcd", "cd"},
        BadManifest{"UpperCaseRootHash", "cdcd", "cdCD"}),
    [](const auto& row) { return row.param.name; });

TEST(Manifest, ALongSaltIsRefused) {
  Manifest manifest = ExampleWithVerity();
  manifest.verity->salt.assign(256, 1);
  EXPECT_TRUE(ParseManifest(ManifestJson(manifest)).has_value());
  manifest.verity->salt.assign(257, 1);
  EXPECT_THAT(ParseManifest(ManifestJson(manifest)),
              Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::image

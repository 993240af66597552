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

std::string Replaced(std::string_view from, std::string_view to) {
  std::string json = ManifestJson(Example());
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
  EXPECT_THAT(ParseManifest(Replaced(GetParam().from, GetParam().to)),
              Fails(Reason::kFileInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadManifests,
    ::testing::Values(BadManifest{"Unknown", "{", R"({"extra":1,)"},
                      BadManifest{"Doubled", "{", R"({"version":1,)"},
                      BadManifest{"OtherCase", R"("uuid")", R"("UUID")"},
                      BadManifest{"Null", R"("erofs")", "null"},
                      BadManifest{"Empty", R"("erofs")", R"("")"},
                      BadManifest{"WrongType", "1048576", R"("1048576")"},
                      BadManifest{"Negative", "1048576", "-1048576"},
                      BadManifest{"OtherVersion", R"("version":1)",
                                  R"("version":2)"},
                      BadManifest{"ShortDigest", "abab", "ab"},
                      BadManifest{"NoHex", "abab", "xxab"},
                      BadManifest{"OptionOfWrongType", R"("noatime")", "7"},
                      BadManifest{"SizesDoNotAddUp", "8192", "4096"},
                      BadManifest{"Trailing", "\n", "{}\n"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tdxvfs::image

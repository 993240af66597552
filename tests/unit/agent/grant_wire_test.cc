// SPDX-License-Identifier: Apache-2.0
#include "agent/grant_wire.h"

#include <functional>

#include "common/hex.h"
#include "tdxvfs/v1/release.pb.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;

constexpr std::uint64_t kHeaderSize = std::uint64_t{1024} * 1024;

Sha256Digest Digest() {
  Sha256Digest digest{};
  digest.fill(0x5a);
  return digest;
}

v1::VolumeGrant Good() {
  v1::VolumeGrant grant;
  grant.set_volume("resnet");
  grant.set_purpose(v1::OPEN);
  grant.set_version(7);
  grant.set_passphrase(std::string(32, 'p'));
  grant.set_uuid("01234567-89ab-cdef-0123-456789abcdef");
  grant.set_header_size(kHeaderSize);
  grant.set_header_sha256(std::string(AsText(Digest())));
  grant.set_header_profile("sealed-1");
  v1::Verity* verity = grant.mutable_verity();
  verity->set_hash("sha256");
  verity->set_data_block_size(4096);
  verity->set_hash_block_size(4096);
  verity->set_data_blocks(20);
  verity->set_hash_start_block(20);
  verity->set_salt(std::string(32, 's'));
  verity->set_root_hash(std::string(32, 'r'));
  grant.set_file_system("erofs");
  grant.add_mount_options("ro");
  grant.add_mount_options("noatime");
  return grant;
}

Result<Grant> Parse(const std::string& serialized) {
  const Secret plaintext = Secret::CopyOf(AsBytes(serialized)).value();
  return ParseGrant(plaintext, {.volume = "resnet",
                                .header_sha256 = Digest(),
                                .header_size = kHeaderSize});
}

TEST(ParseGrant, TakesAGrantThatFits) {
  ASSERT_OK_AND_ASSIGN(const Grant grant, Parse(Good().SerializeAsString()));
  EXPECT_EQ(grant.version, 7U);
  EXPECT_EQ(AsText(grant.open.passphrase.Reveal()), std::string(32, 'p'));
  EXPECT_EQ(grant.open.uuid, "01234567-89ab-cdef-0123-456789abcdef");
  EXPECT_EQ(grant.open.header_sha256, Digest());
  EXPECT_EQ(grant.open.file_system, "erofs");
  EXPECT_THAT(grant.open.mount_options,
              ::testing::ElementsAre("ro", "noatime"));
  ASSERT_TRUE(grant.open.verity.has_value());
  luks::VerityParameters expected{.data_blocks = 20,
                                  .hash_start_block = 20,
                                  .salt = std::vector<std::uint8_t>(32, 's')};
  expected.root_hash.fill('r');
  EXPECT_EQ(*grant.open.verity, expected);
}

TEST(ParseGrant, TakesAnImportedVolume) {
  v1::VolumeGrant received = Good();
  received.set_header_profile("imported-1");
  received.clear_verity();
  ASSERT_OK_AND_ASSIGN(const Grant grant, Parse(received.SerializeAsString()));
  EXPECT_EQ(grant.open.header_profile, "imported-1");
  EXPECT_FALSE(grant.open.verity.has_value());
}

TEST(ParseGrant, TakesVerityWithoutSalt) {
  v1::VolumeGrant received = Good();
  received.mutable_verity()->clear_salt();
  ASSERT_OK_AND_ASSIGN(const Grant grant, Parse(received.SerializeAsString()));
  ASSERT_TRUE(grant.open.verity.has_value());
  EXPECT_TRUE(grant.open.verity->salt.empty());
}

struct BadGrant {
  const char* name;
  std::function<void(v1::VolumeGrant&)> change;
  Reason reason;
};

class BadGrantTest : public ::testing::TestWithParam<BadGrant> {};

TEST_P(BadGrantTest, IsRefused) {
  v1::VolumeGrant grant = Good();
  GetParam().change(grant);
  EXPECT_THAT(Parse(grant.SerializeAsString()), Fails(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    D3_ParseGrant, BadGrantTest,
    ::testing::Values(
        BadGrant{"OtherVolume", [](auto& g) { g.set_volume("other"); },
                 Reason::kGrantMismatch},
        BadGrant{"NoVolume", [](auto& g) { g.clear_volume(); },
                 Reason::kGrantMismatch},
        BadGrant{"OtherPurpose", [](auto& g) { g.set_purpose(v1::FORMAT); },
                 Reason::kGrantMismatch},
        BadGrant{"NoPurpose", [](auto& g) { g.clear_purpose(); },
                 Reason::kGrantMismatch},
        BadGrant{"OtherHeader",
                 [](auto& g) { g.set_header_sha256(std::string(32, 'x')); },
                 Reason::kGrantMismatch},
        BadGrant{"NoHeader", [](auto& g) { g.clear_header_sha256(); },
                 Reason::kGrantMismatch},
        BadGrant{"OtherHeaderSize",
                 [](auto& g) { g.set_header_size(kHeaderSize * 2); },
                 Reason::kGrantMismatch},
        BadGrant{"WritableProfile",
                 [](auto& g) { g.set_header_profile("writable-1"); },
                 Reason::kNotSupported},
        BadGrant{"NoProfile", [](auto& g) { g.clear_header_profile(); },
                 Reason::kNotSupported},
        BadGrant{"EmptyVerity", [](auto& g) { g.mutable_verity()->Clear(); },
                 Reason::kGrantInvalid},
        BadGrant{"VerityOfAnotherHash",
                 [](auto& g) { g.mutable_verity()->set_hash("sha1"); },
                 Reason::kGrantInvalid},
        BadGrant{"VerityWithoutData",
                 [](auto& g) { g.mutable_verity()->set_data_blocks(0); },
                 Reason::kGrantInvalid},
        BadGrant{"VerityTreeInsideTheData",
                 [](auto& g) { g.mutable_verity()->set_hash_start_block(19); },
                 Reason::kGrantInvalid},
        BadGrant{
            "VerityTreeBeyondAnyDisk",
            [](auto& g) { g.mutable_verity()->set_hash_start_block(~0ULL); },
            Reason::kGrantInvalid},
        BadGrant{"VerityWithSmallDataBlocks",
                 [](auto& g) { g.mutable_verity()->set_data_block_size(512); },
                 Reason::kGrantInvalid},
        BadGrant{"VerityWithoutHashBlocks",
                 [](auto& g) { g.mutable_verity()->set_hash_block_size(0); },
                 Reason::kGrantInvalid},
        BadGrant{"VerityWithLongSalt",
                 [](auto& g) {
                   g.mutable_verity()->set_salt(std::string(257, 's'));
                 },
                 Reason::kGrantInvalid},
        BadGrant{"VerityWithShortRootHash",
                 [](auto& g) {
                   g.mutable_verity()->set_root_hash(std::string(31, 'r'));
                 },
                 Reason::kGrantInvalid},
        BadGrant{"Integrity",
                 [](auto& g) { g.mutable_integrity()->set_tag_size(32); },
                 Reason::kGrantInvalid},
        BadGrant{"NoPassphrase", [](auto& g) { g.clear_passphrase(); },
                 Reason::kGrantInvalid},
        BadGrant{"HugePassphrase",
                 [](auto& g) { g.set_passphrase(std::string(5000, 'p')); },
                 Reason::kGrantInvalid},
        BadGrant{"VersionZero", [](auto& g) { g.set_version(0); },
                 Reason::kGrantInvalid},
        BadGrant{"NoUuid", [](auto& g) { g.set_uuid("../../etc"); },
                 Reason::kGrantInvalid},
        BadGrant{"OtherFileSystem", [](auto& g) { g.set_file_system("vfat"); },
                 Reason::kGrantInvalid},
        BadGrant{"SuidMount", [](auto& g) { g.add_mount_options("suid"); },
                 Reason::kGrantInvalid},
        BadGrant{"WritableMount", [](auto& g) { g.add_mount_options("rw"); },
                 Reason::kGrantInvalid},
        BadGrant{"TwoOptionsInOne",
                 [](auto& g) { g.add_mount_options("ro,dev"); },
                 Reason::kGrantInvalid}),
    [](const auto& row) { return row.param.name; });

TEST(ParseGrant, EveryTruncationIsRefused) {
  const std::string whole = Good().SerializeAsString();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto grant = Parse(whole.substr(0, size));
    // Mount options stand last: a grant without them is a whole one.
    if (!grant.has_value()) {
      EXPECT_THAT(grant, ::testing::AnyOf(Fails(Reason::kGrantInvalid),
                                          Fails(Reason::kGrantMismatch),
                                          Fails(Reason::kNotSupported)));
    } else {
      EXPECT_LT(grant->open.mount_options.size(), 2U);
    }
  }
}

TEST(ParseGrant, JunkIsRefused) {
  EXPECT_THAT(Parse(std::string(200, '\xff')), Fails(Reason::kGrantInvalid));
}

}  // namespace
}  // namespace tdxvfs::agent

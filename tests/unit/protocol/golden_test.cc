// SPDX-License-Identifier: Apache-2.0
// One exchange with fixed keys and nonce, byte for byte, through the code of
// both sides: tests/golden/protocol holds what another language computed.
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "agent/config_digest.h"
#include "agent/grant_wire.h"
#include "attest/report_data.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "keyserver/grant_wire.h"
#include "keyserver/release_key.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using Bytes = std::vector<std::uint8_t>;

// The parameter is the vector's place in the file.
class GoldenExchange : public ::testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(
        parser_.load(TDXVFS_SOURCE_DIR "/tests/golden/protocol/vectors.json")
            .at(GetParam())
            .get(vector_),
        simdjson::SUCCESS);
  }

  std::string Text(std::string_view part, std::string_view name) const {
    std::string_view text;
    EXPECT_EQ(vector_[part][name].get(text), simdjson::SUCCESS) << name;
    return std::string(text);
  }
  Bytes Hex(std::string_view part, std::string_view name) const {
    auto bytes = FromHex(Text(part, name));
    EXPECT_THAT(bytes, Succeeds());
    return bytes.has_value() ? *bytes : Bytes();
  }
  template <std::size_t kSize>
  std::array<std::uint8_t, kSize> Fixed(std::string_view part,
                                        std::string_view name) const {
    const Bytes bytes = Hex(part, name);
    std::array<std::uint8_t, kSize> fixed{};
    EXPECT_EQ(bytes.size(), kSize);
    std::copy_n(bytes.begin(), std::min(bytes.size(), kSize), fixed.begin());
    return fixed;
  }
  std::uint64_t Number(std::string_view name) const {
    std::uint64_t number = 0;
    EXPECT_EQ(vector_["input"][name].get(number), simdjson::SUCCESS);
    return number;
  }
  X25519KeyPair Pair(std::string_view name) const {
    auto secret = Secret::CopyOf(Hex("input", name));
    EXPECT_THAT(secret, Succeeds());
    auto pair = X25519KeyPair::FromPrivate(std::move(secret).value());
    EXPECT_THAT(pair, Succeeds());
    return std::move(pair).value();
  }
  Bytes Info() const {
    return attest::GrantInfo(Fixed<64>("output", "report_data"));
  }
  bool HasVerity() const {
    return vector_["input"]["verity"].error() == simdjson::SUCCESS;
  }
  luks::VerityParameters Verity() const {
    simdjson::dom::object from;
    EXPECT_EQ(vector_["input"]["verity"].get(from), simdjson::SUCCESS);
    luks::VerityParameters verity{
        .hash = std::string(from["hash"].get_string().value()),
        .data_block_size = static_cast<std::uint32_t>(
            from["data_block_size"].get_uint64().value()),
        .hash_block_size = static_cast<std::uint32_t>(
            from["hash_block_size"].get_uint64().value()),
        .data_blocks = from["data_blocks"].get_uint64().value(),
        .hash_start_block = from["hash_start_block"].get_uint64().value(),
        .salt = FromHex(from["salt"].get_string().value()).value()};
    const Bytes root = FromHex(from["root_hash"].get_string().value()).value();
    std::copy_n(root.begin(), verity.root_hash.size(),
                verity.root_hash.begin());
    return verity;
  }
  keyserver::VersionRecord Version() const {
    keyserver::VersionRecord version;
    version.volume = Text("input", "volume");
    version.version = static_cast<std::uint32_t>(Number("version"));
    version.description = {.uuid = Text("input", "uuid"),
                           .header_size = Number("header_size"),
                           .header_sha256 = Fixed<32>("input", "header_sha256"),
                           .header_profile = Text("input", "header_profile"),
                           .file_system = Text("input", "file_system"),
                           .mount_options = {"ro", "noatime"},
                           .verity = std::nullopt};
    if (HasVerity()) {
      const luks::VerityParameters verity = Verity();
      version.description.verity = {.hash = verity.hash,
                                    .data_block_size = verity.data_block_size,
                                    .hash_block_size = verity.hash_block_size,
                                    .data_blocks = verity.data_blocks,
                                    .hash_start_block = verity.hash_start_block,
                                    .salt = verity.salt,
                                    .root_hash = verity.root_hash};
    }
    return version;
  }

  simdjson::dom::parser parser_;
  simdjson::dom::element vector_;
};

TEST_P(GoldenExchange, ConfigurationDigest) {
  agent::VolumeConfig config;
  config.file_bytes = Text("input", "volume_toml");
  config.ca_bytes = Text("input", "ca_pem");
  ASSERT_OK_AND_ASSIGN(const Sha256Digest digest, agent::ConfigDigest(config));
  EXPECT_EQ(ToHex(digest), Text("output", "config_digest"));
}

TEST_P(GoldenExchange, ReportData) {
  const X25519KeyPair guest = Pair("guest_private_key");
  EXPECT_EQ(ToHex(guest.public_key), Text("output", "guest_public_key"));
  const Bytes nonce = Hex("input", "nonce");
  const std::string volume = Text("input", "volume");
  const Bytes header = Hex("input", "header_sha256");
  const Bytes certificate = Hex("input", "certificate_sha256");
  const Bytes config = Hex("output", "config_digest");
  ASSERT_OK_AND_ASSIGN(const attest::ReportDataBytes bytes,
                       attest::ReportData({.purpose = "OPEN",
                                           .nonce = nonce,
                                           .public_key = guest.public_key,
                                           .volume = volume,
                                           .header_sha256 = header,
                                           .certificate_sha256 = certificate,
                                           .config_digest = config}));
  EXPECT_EQ(ToHex(bytes), Text("output", "report_data"));
}

TEST_P(GoldenExchange, ServerSerialisesAndSealsTheGrant) {
  ASSERT_OK_AND_ASSIGN(const Secret passphrase,
                       Secret::CopyOf(AsBytes(Text("input", "passphrase"))));
  ASSERT_OK_AND_ASSIGN(const Secret grant,
                       keyserver::SerializeGrant(Version(), passphrase));
  EXPECT_EQ(ToHex(grant.Reveal()), Text("output", "grant"));

  const X25519KeyPair ephemeral = Pair("server_ephemeral_private_key");
  EXPECT_EQ(ToHex(ephemeral.public_key), Text("output", "encapsulated_key"));
  ASSERT_OK_AND_ASSIGN(
      HpkeContext envelope,
      HpkeContext::SetupSenderWith(
          ephemeral, Fixed<32>("output", "guest_public_key"), Info()));
  ASSERT_OK_AND_ASSIGN(const Bytes sealed, envelope.Seal({}, grant));
  EXPECT_EQ(ToHex(sealed), Text("output", "ciphertext"));
}

TEST_P(GoldenExchange, GuestOpensTheGrantAndSignsItsOutcome) {
  ASSERT_OK_AND_ASSIGN(
      HpkeContext envelope,
      HpkeContext::SetupRecipient(Fixed<32>("output", "encapsulated_key"),
                                  Pair("guest_private_key"), Info()));
  ASSERT_OK_AND_ASSIGN(const Secret plaintext,
                       envelope.Open({}, Hex("output", "ciphertext")));
  const std::string volume = Text("input", "volume");
  ASSERT_OK_AND_ASSIGN(
      const agent::Grant grant,
      agent::ParseGrant(plaintext,
                        {.volume = volume,
                         .header_sha256 = Fixed<32>("input", "header_sha256"),
                         .header_size = Number("header_size")}));
  EXPECT_EQ(grant.version, Number("version"));
  EXPECT_EQ(AsText(grant.open.passphrase.Reveal()),
            Text("input", "passphrase"));
  EXPECT_EQ(grant.open.uuid, Text("input", "uuid"));
  EXPECT_EQ(grant.open.verity,
            HasVerity() ? std::optional(Verity()) : std::nullopt);

  ASSERT_OK_AND_ASSIGN(const Secret key,
                       envelope.Export(attest::kOutcomeLabel, 32));
  EXPECT_EQ(ToHex(key.Reveal()), Text("output", "outcome_key"));
  ASSERT_OK_AND_ASSIGN(const auto mac,
                       HmacSha256(key, Hex("output", "outcome_body")));
  EXPECT_EQ(ToHex(mac), Text("output", "outcome_mac"));
}

TEST_P(GoldenExchange, ServerTakesExactlyThisOutcome) {
  keyserver::SealedGrant sealed;
  ASSERT_OK_AND_ASSIGN(sealed.outcome_key,
                       Secret::CopyOf(Hex("output", "outcome_key")));
  const Bytes body = Hex("output", "outcome_body");
  Bytes mac = Hex("output", "outcome_mac");
  EXPECT_THAT(
      keyserver::KeyRelease::CheckOutcome(sealed, AsText(body), AsText(mac)),
      Succeeds());
  mac.back() ^= 1U;
  EXPECT_THAT(
      keyserver::KeyRelease::CheckOutcome(sealed, AsText(body), AsText(mac)),
      Fails(Reason::kOutcomeInvalid));
}

INSTANTIATE_TEST_SUITE_P(Vectors, GoldenExchange,
                         ::testing::Values(std::size_t{0}, std::size_t{1}),
                         [](const auto& place) {
                           return place.param == 0 ? "OpenV1" : "OpenVerityV1";
                         });

}  // namespace
}  // namespace tdxvfs

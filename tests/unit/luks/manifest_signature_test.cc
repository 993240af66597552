// SPDX-License-Identifier: Apache-2.0
#include "luks/image/manifest_signature.h"

#include <string>
#include <vector>

#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::RunTool;
using testing::SecretOf;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr std::string_view kManifest = "{\"version\":1}\n";

// Keys that the command line of OpenSSL makes, as owners will.
class ManifestSignatureTest : public ::testing::Test {
 protected:
  std::string MakeKey(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{"openssl", "genpkey", "-out", File("key")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto made = RunTool(command);
    EXPECT_EQ(made.exit_code, 0) << made.output;
    EXPECT_EQ(RunTool({"openssl", "pkey", "-in", File("key"), "-passin",
                       "pass:x", "-pubout", "-out", File("pub")})
                  .exit_code,
              0);
    return Slurp(File("key"));
  }
  EvpPkeyPtr SigningKey() const {
    auto key = ParseSigningKey(SecretOf(MakeKey({"-algorithm", "ed25519"})));
    EXPECT_THAT(key, Succeeds());
    return std::move(key).value();
  }
  EvpPkeyPtr VerifyKey() const {
    auto key = ParseVerifyKey(Slurp(File("pub")));
    EXPECT_THAT(key, Succeeds());
    return std::move(key).value();
  }
  std::string File(const char* name) const {
    return (folder_.path() / name).string();
  }
  TemporaryFolder folder_;
};

TEST_F(ManifestSignatureTest, VerifiesWhatItSigned) {
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       SignManifest(kManifest, SigningKey()));
  EXPECT_THAT(VerifyManifest(kManifest, signature, VerifyKey()), Succeeds());
}

TEST_F(ManifestSignatureTest, OpensslVerifiesOursAndWeVerifyOpenssls) {
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       SignManifest(kManifest, SigningKey()));
  Spill(File("manifest"), kManifest);
  Spill(File("sig"), AsText(signature));
  const auto verified =
      RunTool({"openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
               File("pub"), "-in", File("manifest"), "-sigfile", File("sig")});
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  const auto made =
      RunTool({"openssl", "pkeyutl", "-sign", "-rawin", "-inkey", File("key"),
               "-in", File("manifest"), "-out", File("theirs")});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const std::string theirs = Slurp(File("theirs"));
  EXPECT_THAT(VerifyManifest(kManifest, AsBytes(theirs), VerifyKey()),
              Succeeds());
}

TEST_F(ManifestSignatureTest, EveryFlippedBitIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       SignManifest(kManifest, SigningKey()));
  const EvpPkeyPtr key = VerifyKey();
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    ManifestSignature other = signature;
    other.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_THAT(VerifyManifest(kManifest, other, key),
                Fails(Reason::kFileInvalid))
        << bit;
  }
  for (std::size_t bit = 0; bit < kManifest.size() * 8; ++bit) {
    std::string other(kManifest);
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_THAT(VerifyManifest(other, signature, key),
                Fails(Reason::kFileInvalid))
        << bit;
  }
}

TEST_F(ManifestSignatureTest, OtherLengthsAreRefused) {
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       SignManifest(kManifest, SigningKey()));
  const EvpPkeyPtr key = VerifyKey();
  std::vector<std::uint8_t> longer(signature.begin(), signature.end());
  longer.push_back(0);
  EXPECT_THAT(VerifyManifest(kManifest, longer, key),
              Fails(Reason::kFileInvalid));
  for (std::size_t size = 0; size < signature.size(); ++size) {
    EXPECT_THAT(
        VerifyManifest(kManifest, std::span(signature).first(size), key),
        Fails(Reason::kFileInvalid));
  }
}

TEST_F(ManifestSignatureTest, AnotherKeyIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       SignManifest(kManifest, SigningKey()));
  (void)SigningKey();
  EXPECT_THAT(VerifyManifest(kManifest, signature, VerifyKey()),
              Fails(Reason::kFileInvalid));
}

TEST_F(ManifestSignatureTest, KeysOfAnotherKindAreRefused) {
  const std::string key =
      MakeKey({"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"});
  EXPECT_THAT(ParseSigningKey(SecretOf(key)), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ParseVerifyKey(Slurp(File("pub"))), Fails(Reason::kFileInvalid));
}

TEST_F(ManifestSignatureTest, AKeyUnderAPassphraseIsRefusedUnasked) {
  const std::string key =
      MakeKey({"-algorithm", "ed25519", "-aes256", "-pass", "pass:x"});
  EXPECT_THAT(ParseSigningKey(SecretOf(key)), Fails(Reason::kFileInvalid));
}

TEST_F(ManifestSignatureTest, WhatIsNoKeyIsRefused) {
  const std::string key = MakeKey({"-algorithm", "ed25519"});
  const std::string pub = Slurp(File("pub"));
  EXPECT_THAT(ParseSigningKey(SecretOf(pub)), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ParseVerifyKey(key), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ParseVerifyKey(""), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ParseVerifyKey(std::string(20000, '-')),
              Fails(Reason::kFileInvalid));
  for (std::size_t size = 1; size + 2 < key.size(); ++size) {
    EXPECT_THAT(ParseSigningKey(SecretOf(key.substr(0, size))),
                Fails(Reason::kFileInvalid))
        << size;
  }
}

}  // namespace
}  // namespace tdxvfs::image

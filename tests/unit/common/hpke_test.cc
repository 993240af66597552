// SPDX-License-Identifier: Apache-2.0
#include "common/hpke.h"

#include <simdjson.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using Bytes = std::vector<std::uint8_t>;

struct Export {
  Bytes context;
  std::size_t length = 0;
  Bytes value;
};

struct Vector {
  std::string id;
  Bytes info, ephemeral, recipient, recipient_public, enc, aad, plaintext,
      ciphertext;
  std::vector<Export> exports;
};

Bytes HexOf(simdjson::dom::element object, std::string_view member) {
  std::string_view text;
  EXPECT_EQ(object[member].get(text), simdjson::SUCCESS) << member;
  auto bytes = FromHex(text);
  EXPECT_THAT(bytes, Succeeds());
  return bytes.has_value() ? *bytes : Bytes();
}

Vector VectorOf(simdjson::dom::element object) {
  Vector vector;
  std::string_view id;
  EXPECT_EQ(object["id"].get(id), simdjson::SUCCESS);
  vector.id = id;
  vector.info = HexOf(object, "info");
  vector.ephemeral = HexOf(object, "skEm");
  vector.recipient = HexOf(object, "skRm");
  vector.recipient_public = HexOf(object, "pkRm");
  vector.enc = HexOf(object, "enc");
  vector.aad = HexOf(object, "aad");
  vector.plaintext = HexOf(object, "pt");
  vector.ciphertext = HexOf(object, "ct");
  simdjson::dom::array exports;
  EXPECT_EQ(object["exports"].get(exports), simdjson::SUCCESS);
  for (const simdjson::dom::element item : exports) {
    std::uint64_t length = 0;
    EXPECT_EQ(item["L"].get(length), simdjson::SUCCESS);
    vector.exports.push_back({HexOf(item, "exporter_context"), length,
                              HexOf(item, "exported_value")});
  }
  return vector;
}

std::vector<Vector> LoadVectors() {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  EXPECT_EQ(parser.load(TDXVFS_SOURCE_DIR "/tests/golden/hpke/vectors.json")
                .get(array),
            simdjson::SUCCESS);
  std::vector<Vector> vectors;
  for (const simdjson::dom::element object : array) {
    vectors.push_back(VectorOf(object));
  }
  return vectors;
}

X25519KeyPair PairOf(const Bytes& private_key) {
  auto secret = Secret::CopyOf(private_key);
  EXPECT_THAT(secret, Succeeds());
  auto pair = X25519KeyPair::FromPrivate(std::move(secret).value());
  EXPECT_THAT(pair, Succeeds());
  return std::move(pair).value();
}

X25519PublicKey PublicOf(const Bytes& bytes) {
  X25519PublicKey key{};
  EXPECT_EQ(bytes.size(), key.size());
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

Bytes Revealed(const Secret& secret) {
  return {secret.Reveal().begin(), secret.Reveal().end()};
}

void ExpectExports(const HpkeContext& context, const Vector& vector) {
  for (const Export& item : vector.exports) {
    ASSERT_OK_AND_ASSIGN(const Secret exported,
                         context.Export(AsText(item.context), item.length));
    EXPECT_EQ(ToHex(exported.Reveal()), ToHex(item.value));
  }
}

TEST(Hpke, SealsAndExportsAsTheVectorsSay) {
  const std::vector<Vector> vectors = LoadVectors();
  ASSERT_EQ(vectors.size(), 5U);
  for (const Vector& vector : vectors) {
    SCOPED_TRACE(vector.id);
    const X25519KeyPair ephemeral = PairOf(vector.ephemeral);
    EXPECT_EQ(ToHex(ephemeral.public_key), ToHex(vector.enc));
    ASSERT_OK_AND_ASSIGN(
        HpkeContext sender,
        HpkeContext::SetupSenderWith(
            ephemeral, PublicOf(vector.recipient_public), vector.info));
    ExpectExports(sender, vector);
    ASSERT_OK_AND_ASSIGN(const Secret plaintext,
                         Secret::CopyOf(vector.plaintext));
    ASSERT_OK_AND_ASSIGN(const Bytes sealed,
                         sender.Seal(vector.aad, plaintext));
    EXPECT_EQ(ToHex(sealed), ToHex(vector.ciphertext));
  }
}

TEST(Hpke, OpensAndExportsAsTheVectorsSay) {
  for (const Vector& vector : LoadVectors()) {
    SCOPED_TRACE(vector.id);
    const X25519KeyPair recipient = PairOf(vector.recipient);
    EXPECT_EQ(ToHex(recipient.public_key), ToHex(vector.recipient_public));
    ASSERT_OK_AND_ASSIGN(HpkeContext context,
                         HpkeContext::SetupRecipient(PublicOf(vector.enc),
                                                     recipient, vector.info));
    ExpectExports(context, vector);
    ASSERT_OK_AND_ASSIGN(const Secret opened,
                         context.Open(vector.aad, vector.ciphertext));
    EXPECT_EQ(Revealed(opened), vector.plaintext);
  }
}

Result<Secret> OpenChanged(const Vector& vector) {
  ASSIGN_OR_RETURN(
      HpkeContext context,
      HpkeContext::SetupRecipient(PublicOf(vector.enc),
                                  PairOf(vector.recipient), vector.info));
  return context.Open(vector.aad, vector.ciphertext);
}

TEST(Hpke, RefusesEveryFlippedBit) {
  const Vector good = LoadVectors().at(0);
  ASSERT_THAT(OpenChanged(good), Succeeds());
  for (Bytes Vector::*member :
       {&Vector::ciphertext, &Vector::aad, &Vector::enc}) {
    for (std::size_t bit = 0; bit < (good.*member).size() * 8; ++bit) {
      Vector changed = good;
      (changed.*member).at(bit / 8) ^=
          static_cast<std::uint8_t>(1U << (bit % 8));
      EXPECT_THAT(OpenChanged(changed), Fails(Reason::kGrantInvalid)) << bit;
    }
  }
}

TEST(Hpke, RefusesAnotherInfoAndAnotherRecipient) {
  Vector other_info = LoadVectors().at(0);
  other_info.info.push_back(0);
  EXPECT_THAT(OpenChanged(other_info), Fails(Reason::kGrantInvalid));
  Vector other_recipient = LoadVectors().at(0);
  other_recipient.recipient = other_recipient.ephemeral;
  EXPECT_THAT(OpenChanged(other_recipient), Fails(Reason::kGrantInvalid));
}

TEST(Hpke, RefusesEveryTruncation) {
  const Vector good = LoadVectors().at(0);
  for (std::size_t size = 0; size < good.ciphertext.size(); ++size) {
    Vector changed = good;
    changed.ciphertext.resize(size);
    EXPECT_THAT(OpenChanged(changed), Fails(Reason::kGrantInvalid)) << size;
  }
}

TEST(Hpke, UsesAContextForOneMessage) {
  const X25519KeyPair recipient = PairOf(LoadVectors().at(0).recipient);
  X25519PublicKey enc{};
  ASSERT_OK_AND_ASSIGN(HpkeContext sender, HpkeContext::SetupSender(
                                               recipient.public_key, {}, &enc));
  ASSERT_OK_AND_ASSIGN(const Secret plaintext, Secret::Random(32));
  ASSERT_OK_AND_ASSIGN(const Bytes sealed, sender.Seal({}, plaintext));
  EXPECT_THAT(sender.Seal({}, plaintext), Fails(Reason::kInternal));
  ASSERT_OK_AND_ASSIGN(HpkeContext receiver,
                       HpkeContext::SetupRecipient(enc, recipient, {}));
  ASSERT_OK_AND_ASSIGN(const Secret opened, receiver.Open({}, sealed));
  EXPECT_TRUE(opened == plaintext);
  EXPECT_THAT(receiver.Open({}, sealed), Fails(Reason::kInternal));
}

TEST(Hpke, MakesANewEphemeralKeyEachTime) {
  const X25519KeyPair recipient = PairOf(LoadVectors().at(0).recipient);
  X25519PublicKey first{};
  X25519PublicKey second{};
  EXPECT_THAT(HpkeContext::SetupSender(recipient.public_key, {}, &first),
              Succeeds());
  EXPECT_THAT(HpkeContext::SetupSender(recipient.public_key, {}, &second),
              Succeeds());
  EXPECT_NE(first, second);
}

TEST(Hpke, ExportsNoMoreThanHkdfAllows) {
  const Vector vector = LoadVectors().at(0);
  ASSERT_OK_AND_ASSIGN(
      const HpkeContext context,
      HpkeContext::SetupRecipient(PublicOf(vector.enc),
                                  PairOf(vector.recipient), vector.info));
  EXPECT_THAT(context.Export("x", std::size_t{255} * 32), Succeeds());
  EXPECT_THAT(context.Export("x", std::size_t{255} * 32 + 1),
              Fails(Reason::kInternal));
}

// RFC 7748 section 6.1 and RFC 9180 section 7.1.4: the points of order 1, 2, 4
// and 8 on the curve and its twist, and their non-canonical spellings; the top
// bit is ignored by X25519.
constexpr std::array<std::string_view, 9> kSmallOrderPoints = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST(Hpke, RefusesSmallOrderPointsOnBothSides) {
  const X25519KeyPair own = PairOf(LoadVectors().at(0).recipient);
  for (const std::string_view point : kSmallOrderPoints) {
    SCOPED_TRACE(point);
    ASSERT_OK_AND_ASSIGN(const Bytes bytes, FromHex(point));
    const X25519PublicKey key = PublicOf(bytes);
    X25519PublicKey enc{};
    EXPECT_THAT(HpkeContext::SetupSender(key, {}, &enc),
                Fails(Reason::kRequestInvalid));
    EXPECT_THAT(HpkeContext::SetupRecipient(key, own, {}),
                Fails(Reason::kGrantInvalid));
  }
}

TEST(X25519, RefusesAPrivateKeyOfAnotherSize) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U}) {
    ASSERT_OK_AND_ASSIGN(Secret secret, Secret::Random(size));
    EXPECT_THAT(X25519KeyPair::FromPrivate(std::move(secret)),
                Fails(Reason::kInternal));
  }
}

}  // namespace
}  // namespace tdxvfs

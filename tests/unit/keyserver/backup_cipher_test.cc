// SPDX-License-Identifier: Apache-2.0
#include "keyserver/backup_cipher.h"

#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/hex.h"
#include "common/owned_openssl.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;

using Bytes = std::vector<std::uint8_t>;

std::string TextWritten(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Bytes BytesOf(std::string_view text) {
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

TEST(BackupCipher, AnyRecipientOpensItAndNobodyElse) {
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair ann, X25519KeyPair::Generate());
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair bob, X25519KeyPair::Generate());
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair eve, X25519KeyPair::Generate());
  Bytes header;
  ASSERT_OK_AND_ASSIGN(
      BackupCipher cipher,
      BackupCipher::Create({ann.public_key, bob.public_key}, &header));
  ASSERT_OK_AND_ASSIGN(const Bytes first, cipher.Seal(BytesOf("one"), false));
  ASSERT_OK_AND_ASSIGN(const Bytes last, cipher.Seal(BytesOf("two"), true));
  for (const X25519KeyPair* const key : {&ann, &bob}) {
    ASSERT_OK_AND_ASSIGN(BackupCipher opened, BackupCipher::Open(header, *key));
    ASSERT_OK_AND_ASSIGN(const Bytes one, opened.Unseal(first, false));
    ASSERT_OK_AND_ASSIGN(const Bytes two, opened.Unseal(last, true));
    EXPECT_EQ(one, BytesOf("one"));
    EXPECT_EQ(two, BytesOf("two"));
  }
  EXPECT_THAT(BackupCipher::Open(header, eve), Fails(Reason::kFileInvalid));
}

TEST(BackupCipher, NoticesPiecesThatWereMovedCutOffOrChanged) {
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair ann, X25519KeyPair::Generate());
  Bytes header;
  ASSERT_OK_AND_ASSIGN(BackupCipher cipher,
                       BackupCipher::Create({ann.public_key}, &header));
  ASSERT_OK_AND_ASSIGN(const Bytes first, cipher.Seal(BytesOf("one"), false));
  ASSERT_OK_AND_ASSIGN(const Bytes second, cipher.Seal(BytesOf("two"), true));
  const auto open = [&] { return std::move(*BackupCipher::Open(header, ann)); };
  EXPECT_THAT(open().Unseal(second, true), Fails(Reason::kFileInvalid));
  EXPECT_THAT(open().Unseal(first, true), Fails(Reason::kFileInvalid));
  Bytes changed = first;
  changed.back() ^= 1;
  EXPECT_THAT(open().Unseal(changed, false), Fails(Reason::kFileInvalid));
  EXPECT_THAT(open().Unseal({}, false), Fails(Reason::kFileInvalid));
}

TEST(BackupCipher, NoticesEveryFlippedByteOfItsHeader) {
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair ann, X25519KeyPair::Generate());
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair bob, X25519KeyPair::Generate());
  Bytes header;
  ASSERT_OK_AND_ASSIGN(
      BackupCipher cipher,
      BackupCipher::Create({bob.public_key, ann.public_key}, &header));
  ASSERT_OK_AND_ASSIGN(const Bytes piece, cipher.Seal(BytesOf("one"), true));
  for (std::uint8_t& byte : header) {
    byte ^= 1;
    auto opened = BackupCipher::Open(header, ann);
    EXPECT_FALSE(opened.has_value() && opened->Unseal(piece, true).has_value());
    byte ^= 1;
  }
  for (std::size_t size = 0; size < header.size(); ++size) {
    auto opened = BackupCipher::Open(std::span(header).first(size), ann);
    EXPECT_FALSE(opened.has_value() && opened->Unseal(piece, true).has_value());
  }
}

TEST(BackupKeys, AreWhatOpensslMakes) {
  const EvpPkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  const BioPtr open(BIO_new(BIO_s_mem()));
  const BioPtr secret(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PUBKEY(open.get(), key.get()), 1);
  ASSERT_EQ(PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr,
                                     0, nullptr, nullptr),
            1);
  ASSERT_OK_AND_ASSIGN(const X25519PublicKey public_key,
                       ReadPublicKey(TextWritten(open.get())));
  ASSERT_OK_AND_ASSIGN(const Secret pem,
                       Secret::CopyOf(AsBytes(TextWritten(secret.get()))));
  ASSERT_OK_AND_ASSIGN(const X25519KeyPair pair, ReadPrivateKey(pem));
  EXPECT_EQ(pair.public_key, public_key);
}

TEST(BackupKeys, RefuseOtherKeysAndJunk) {
  const EvpPkeyPtr other(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const BioPtr open(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PUBKEY(open.get(), other.get()), 1);
  EXPECT_THAT(ReadPublicKey(TextWritten(open.get())),
              Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadPublicKey("junk"), Fails(Reason::kFileInvalid));
  ASSERT_OK_AND_ASSIGN(const Secret junk, Secret::CopyOf(AsBytes("junk")));
  EXPECT_THAT(ReadPrivateKey(junk), Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver

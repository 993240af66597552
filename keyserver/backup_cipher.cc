// SPDX-License-Identifier: Apache-2.0
#include "keyserver/backup_cipher.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/hex.h"
#include "common/hpke.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::keyserver {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

constexpr std::size_t kKeySize = 32;

Result<EvpPkeyPtr> CheckX25519(EvpPkeyPtr key) {
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_X25519) {
    return OpensslError(Reason::kFileInvalid, "not an X25519 key in PEM");
  }
  return key;
}

}  // namespace

Result<X25519PublicKey> ReadPublicKey(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ASSIGN_OR_RETURN(const EvpPkeyPtr key,
                   CheckX25519(EvpPkeyPtr(PEM_read_bio_PUBKEY(
                       bio.get(), nullptr, nullptr, nullptr))));
  X25519PublicKey raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 ||
      size != raw.size()) {
    return OpensslError(Reason::kFileInvalid, "not an X25519 public key");
  }
  return raw;
}

Result<X25519KeyPair> ReadPrivateKey(const Secret& pem) {
  const BioPtr bio(
      BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.size())));
  // Without a password callback OpenSSL would ask on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  ASSIGN_OR_RETURN(const EvpPkeyPtr key,
                   CheckX25519(EvpPkeyPtr(PEM_read_bio_PrivateKey(
                       bio.get(), nullptr, no_password, nullptr))));
  ASSIGN_OR_RETURN(
      Secret raw,
      Secret::Filled(
          kKeySize, [&](std::span<std::uint8_t> out) -> Result<void> {
            std::size_t size = out.size();
            if (EVP_PKEY_get_raw_private_key(key.get(), out.data(), &size) !=
                    1 ||
                size != out.size()) {
              return OpensslError(Reason::kFileInvalid,
                                  "not an X25519 private key");
            }
            return {};
          }));
  return X25519KeyPair::FromPrivate(std::move(raw));
}

Result<BackupCipher> BackupCipher::Create(
    const std::vector<X25519PublicKey>& recipients,
    std::vector<std::uint8_t>* header) {
  if (recipients.empty() || recipients.size() > kMaxRecipients) {
    return Error(Reason::kUsage, "a backup has 1 to 255 recipients");
  }
  ASSIGN_OR_RETURN(Secret key, Secret::Random(kKeySize));
  const auto append = [header](ByteSpan bytes) {
    header->insert(header->end(), bytes.begin(), bytes.end());
  };
  append(AsBytes(kBackupMagic));
  header->push_back(static_cast<std::uint8_t>(recipients.size()));
  for (const X25519PublicKey& recipient : recipients) {
    X25519PublicKey encapsulated{};
    ASSIGN_OR_RETURN(HpkeContext envelope,
                     HpkeContext::SetupSender(recipient, AsBytes(kBackupMagic),
                                              &encapsulated));
    ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                     envelope.Seal({}, key));
    append(recipient);
    append(encapsulated);
    append(sealed);
  }
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(*header));
  ASSIGN_OR_RETURN(MasterKey file_key, MasterKey::FromSecret(std::move(key)));
  return BackupCipher(std::move(file_key), digest);
}

Result<BackupCipher> BackupCipher::Open(ByteSpan header,
                                        const X25519KeyPair& recipient) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(header));
  ByteSpan rest =
      header.subspan(std::min(header.size(), kBackupMagic.size() + 1));
  for (; rest.size() >= kBackupEnvelope; rest = rest.subspan(kBackupEnvelope)) {
    if (!std::ranges::equal(rest.first(kKeySize), recipient.public_key)) {
      continue;
    }
    X25519PublicKey encapsulated{};
    std::ranges::copy(rest.subspan(kKeySize, kKeySize), encapsulated.begin());
    ASSIGN_OR_RETURN(HpkeContext envelope,
                     HpkeContext::SetupRecipient(encapsulated, recipient,
                                                 AsBytes(kBackupMagic)));
    auto key =
        envelope.Open({}, rest.first(kBackupEnvelope).subspan(2 * kKeySize));
    if (!key.has_value() || key->size() != kKeySize) {
      return Error(Reason::kFileInvalid, "the envelope of this key is damaged");
    }
    ASSIGN_OR_RETURN(MasterKey file_key,
                     MasterKey::FromSecret(std::move(*key)));
    return BackupCipher(std::move(file_key), digest);
  }
  return Error(Reason::kFileInvalid,
               "the backup is not encrypted to this identity");
}

RecordIdentity BackupCipher::NextPiece(bool is_last) {
  return {"backup", is_last ? "last" : "more", number_++, header_sha256_};
}

Result<std::vector<std::uint8_t>> BackupCipher::Seal(ByteSpan piece,
                                                     bool is_last) {
  return key_.Seal(NextPiece(is_last), piece);
}

Result<std::vector<std::uint8_t>> BackupCipher::Unseal(ByteSpan piece,
                                                       bool is_last) {
  auto opened = key_.UnsealRecord(NextPiece(is_last), piece);
  if (!opened.has_value()) {
    return Error(Reason::kFileInvalid, "the backup was changed or is cut off");
  }
  return opened;
}

}  // namespace tdxvfs::keyserver

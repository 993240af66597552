// SPDX-License-Identifier: Apache-2.0
#include "keyserver/tls_identity.h"

#include <utility>

#include <openssl/pem.h>

#include "common/file.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"
#include "keyserver/secret_source.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxTlsFile = 64UL * 1024;

// Asked for the passphrase of an encrypted key: there is nobody to ask.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/,
                 void* /*data*/) {
  return -1;
}

Result<void> CheckPair(const std::string& certificate_pem,
                       const Secret& key_pem) {
  const BioPtr certificate_bio(BIO_new_mem_buf(
      certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const X509Ptr certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  const auto key_bytes = key_pem.Reveal();
  const BioPtr key_bio(
      BIO_new_mem_buf(key_bytes.data(), static_cast<int>(key_bytes.size())));
  const EvpPkeyPtr key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  if (!certificate || !key) {
    return OpensslError(Reason::kConfigInvalid,
                        key ? "read tls.certificate" : "read tls.key");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return OpensslError(Reason::kConfigInvalid,
                        "tls.key does not belong to tls.certificate");
  }
  return {};
}

}  // namespace

Result<TlsIdentity> TlsIdentity::Load(const std::filesystem::path& certificate,
                                      std::string_view key) {
  ASSIGN_OR_RETURN(std::string certificate_pem,
                   ReadConfigFile(certificate, kMaxTlsFile));
  ASSIGN_OR_RETURN(Secret key_pem, LoadSecret(key, kMaxTlsFile));
  RETURN_IF_ERROR(CheckPair(certificate_pem, key_pem));
  ASSIGN_OR_RETURN(const LeafCertificate leaf,
                   ReadLeafCertificate(certificate_pem));
  return TlsIdentity{std::move(certificate_pem), std::move(key_pem), leaf};
}

}  // namespace tdxvfs::keyserver

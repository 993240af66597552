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

struct Certificate {
  std::string pem;
  X509Ptr x509;
  LeafCertificate leaf;
};

Result<Certificate> LoadCertificate(const std::string& path) {
  Certificate certificate;
  ASSIGN_OR_RETURN(certificate.pem, ReadConfigFile(path, kMaxTlsFile));
  const BioPtr bio(BIO_new_mem_buf(certificate.pem.data(),
                                   static_cast<int>(certificate.pem.size())));
  certificate.x509.reset(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate.x509) {
    return OpensslError(Reason::kConfigInvalid,
                        "'" + path + "': no PEM certificate in it");
  }
  ASSIGN_OR_RETURN(certificate.leaf, ReadLeafCertificate(certificate.pem));
  return certificate;
}

Result<Secret> LoadKey(const std::string& source, X509* certificate) {
  ASSIGN_OR_RETURN(Secret pem, LoadSecret(source, kMaxTlsFile));
  const auto bytes = pem.Reveal();
  const BioPtr bio(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  const EvpPkeyPtr key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (!key) {
    return OpensslError(
        Reason::kConfigInvalid,
        "'" + source + "': no PEM private key without a passphrase in it");
  }
  if (X509_check_private_key(certificate, key.get()) != 1) {
    return OpensslError(Reason::kConfigInvalid,
                        "the key does not belong to tls.certificate");
  }
  return pem;
}

}  // namespace

Result<TlsIdentity> TlsIdentity::Load(const ConfiguredFile& certificate,
                                      const ConfiguredFile& key) {
  ASSIGN_OR_RETURN(
      Certificate shown,
      LoadCertificate(certificate.source).Context(certificate.place));
  ASSIGN_OR_RETURN(Secret key_pem,
                   LoadKey(key.source, shown.x509.get()).Context(key.place));
  return TlsIdentity{std::move(shown.pem), std::move(key_pem), shown.leaf};
}

}  // namespace tdxvfs::keyserver

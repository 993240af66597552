// SPDX-License-Identifier: Apache-2.0
#include "cli/client_certificate.h"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::cli {
namespace {

// Asked for the passphrase of an encrypted key: gRPC cannot ask either.
int NoKeyPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/,
                    void* /*data*/) {
  return -1;
}

std::string CertificateDate(const ASN1_TIME* time) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<void> CheckCertificateDates(const X509* certificate,
                                   const std::string& name,
                                   std::chrono::system_clock::time_point now) {
  std::time_t time = std::chrono::system_clock::to_time_t(now);
  const ASN1_TIME* const begin = X509_get0_notBefore(certificate);
  const ASN1_TIME* const end = X509_get0_notAfter(certificate);
  if (X509_cmp_time(begin, &time) > 0) {
    return Error(Reason::kPermission, name + " is not valid before " +
                                          CertificateDate(begin) +
                                          ", by this machine's clock");
  }
  if (X509_cmp_time(end, &time) < 0) {
    return Error(Reason::kPermission,
                 name + " ran out on " + CertificateDate(end) +
                     "; whoever has the key of its authority makes another");
  }
  return {};
}

}  // namespace

Result<void> CheckClientCertificate(const ClientFiles& files,
                                    const std::string& certificate_pem,
                                    const Secret& key_pem,
                                    std::chrono::system_clock::time_point now) {
  const std::string name =
      "client certificate '" + files.certificate.string() + "'";
  const BioPtr shown(BIO_new_mem_buf(certificate_pem.data(),
                                     static_cast<int>(certificate_pem.size())));
  const X509Ptr certificate(
      PEM_read_bio_X509(shown.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    return OpensslError(Reason::kConfigInvalid, name + ": read PEM");
  }
  const auto bytes = key_pem.Reveal();
  const BioPtr kept(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  const EvpPkeyPtr key(
      PEM_read_bio_PrivateKey(kept.get(), nullptr, NoKeyPassphrase, nullptr));
  if (!key) {
    return OpensslError(
        Reason::kConfigInvalid,
        "key '" + files.key.string() + "': read PEM without a passphrase");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return Error(
        Reason::kConfigInvalid,
        name + ": the key '" + files.key.string() + "' does not belong to it");
  }
  return CheckCertificateDates(certificate.get(), name, now);
}

}  // namespace tdxvfs::cli

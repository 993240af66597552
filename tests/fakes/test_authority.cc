// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/test_authority.h"

#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace tdxvfs::testing {
namespace {

using Asn1TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;

void Must(bool condition, const char* what) {
  if (!condition) {
    (void)std::fprintf(stderr, "test authority: %s failed\n", what);
    abort();
  }
}

EvpPkeyPtr NewKey() {
  EvpPkeyPtr key(EVP_EC_gen("P-256"));
  Must(key != nullptr, "EVP_EC_gen");
  return key;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
  return TextOf(bio.get());
}

std::string PemOf(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                                nullptr) == 1,
       "PEM_write_bio_PrivateKey");
  return TextOf(bio.get());
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const X509ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension.get(), -1);
}

X509Ptr NewCertificate(EVP_PKEY* key, const char* name, long not_before,
                       long not_after) {
  X509Ptr certificate(X509_new());
  std::uint64_t serial = 0;
  Must(RAND_bytes(reinterpret_cast<std::uint8_t*>(&serial), 7) == 1, "random");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), not_before);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), not_after);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
      reinterpret_cast<const std::uint8_t*>(name), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : key_(NewKey()) {
  certificate_ = NewCertificate(key_.get(), name.c_str(), -3600, 36000);
  X509_set_issuer_name(certificate_.get(),
                       X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), certificate_.get(), NID_basic_constraints,
               "critical,CA:TRUE");
  AddExtension(certificate_.get(), certificate_.get(), NID_key_usage,
               "critical,keyCertSign,cRLSign");
  AddExtension(certificate_.get(), certificate_.get(),
               NID_subject_key_identifier, "hash");
  Must(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "sign");
  certificate_pem_ = PemOf(certificate_.get());
}

ServerCertificate TestAuthority::Issue(const CertificateWish& wish) const {
  const EvpPkeyPtr key = NewKey();
  const X509Ptr leaf = NewCertificate(key.get(), wish.common_name.c_str(),
                                      wish.not_before, wish.not_after);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(leaf.get(), certificate_.get(), NID_basic_constraints,
               "critical,CA:FALSE");
  AddExtension(leaf.get(), certificate_.get(), NID_ext_key_usage,
               wish.extended_key_usage);
  AddExtension(leaf.get(), certificate_.get(), NID_subject_alt_name,
               wish.names);
  Must(X509_sign(leaf.get(), key_.get(), EVP_sha256()) > 0, "sign");

  ServerCertificate issued{PemOf(leaf.get()), PemOf(key.get()), {}, {}};
  unsigned int size = 0;
  X509_digest(leaf.get(), EVP_sha256(), issued.certificate_digest.data(),
              &size);
  std::uint8_t* der = nullptr;
  const int der_size = i2d_PUBKEY(key.get(), &der);
  Must(der_size > 0, "i2d_PUBKEY");
  const std::vector<std::uint8_t> spki(der, der + der_size);
  OPENSSL_free(der);
  issued.spki_digest = Sha256(spki).value();
  return issued;
}

std::string TestAuthority::RevocationList(
    const std::vector<std::string>& revoked, long next_update) const {
  const X509CrlPtr list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(),
                           X509_get_subject_name(certificate_.get()));
  const Asn1TimePtr time(X509_gmtime_adj(nullptr, -3600));
  X509_CRL_set1_lastUpdate(list.get(), time.get());
  X509_gmtime_adj(time.get(), next_update);
  X509_CRL_set1_nextUpdate(list.get(), time.get());
  for (const std::string& pem : revoked) {
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    Must(leaf != nullptr, "read revoked certificate");
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(leaf.get()));
    X509_REVOKED_set_revocationDate(entry, time.get());
    Must(X509_CRL_add0_revoked(list.get(), entry) == 1, "revoke");
  }
  X509_CRL_sort(list.get());
  Must(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0, "sign list");
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "write list");
  return TextOf(bio.get());
}

}  // namespace tdxvfs::testing

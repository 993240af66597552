// SPDX-License-Identifier: Apache-2.0
#include "keyserver/identity_files.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "common/hex.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::keyserver {
namespace {

constexpr long kDaySeconds = 24L * 3600;
constexpr long kCaDays = 3650;
constexpr long kServerDays = 825;
constexpr std::size_t kSerialSize = 16;

bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= 253 && name.front() != '.' &&
         name.front() != '-' && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool IsAddress(const std::string& name) {
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

Result<std::string> AlternativeNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    const bool address = IsAddress(name);
    if (!address && !IsHostName(name)) {
      return Error(Reason::kUsage, "'" + name +
                                       "' is neither a host name nor an "
                                       "address");
    }
    list += (list.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") +
            name;
  }
  if (list.empty()) {
    return Error(Reason::kUsage, "a server certificate needs a name");
  }
  return list;
}

Error Failed() { return OpensslError(Reason::kInternal, "make a certificate"); }

bool SetSerial(X509* certificate) {
  std::array<std::uint8_t, kSerialSize> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return false;
  }
  bytes[0] &= 0x7f;  // RFC 5280 4.1.2.2: a serial number is positive
  const BignumPtr number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) !=
             nullptr;
}

bool AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const X509ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate without extensions and signature, valid from a day ago, since
// guests' clocks may lag.
Result<X509Ptr> Draft(const std::string& common_name, EVP_PKEY* key,
                      long days) {
  X509Ptr certificate(X509_new());
  if (!certificate ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !SetSerial(certificate.get()) ||
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDaySeconds) ==
          nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()),
                      days * kDaySeconds) == nullptr ||
      X509_set_pubkey(certificate.get(), key) != 1 ||
      X509_NAME_add_entry_by_txt(
          X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
          reinterpret_cast<const unsigned char*>(common_name.data()),
          static_cast<int>(common_name.size()), -1, 0) != 1) {
    return Failed();
  }
  return certificate;
}

Result<X509Ptr> MakeCa(EVP_PKEY* key) {
  ASSIGN_OR_RETURN(X509Ptr ca, Draft("tdxvfs key server CA", key, kCaDays));
  X509* const raw = ca.get();
  if (X509_set_issuer_name(raw, X509_get_subject_name(raw)) != 1 ||
      !AddExtension(raw, raw, NID_basic_constraints,
                    "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(raw, raw, NID_subject_key_identifier, "hash") ||
      X509_sign(raw, key, EVP_sha256()) == 0) {
    return Failed();
  }
  return ca;
}

Result<X509Ptr> MakeServer(EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key,
                           const std::string& alternative_names) {
  ASSIGN_OR_RETURN(X509Ptr server,
                   Draft("tdxvfs key server", key, kServerDays));
  X509* const raw = server.get();
  if (X509_set_issuer_name(raw, X509_get_subject_name(ca)) != 1 ||
      !AddExtension(raw, ca, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(raw, ca, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(raw, ca, NID_ext_key_usage, "serverAuth") ||
      !AddExtension(raw, ca, NID_subject_key_identifier, "hash") ||
      !AddExtension(raw, ca, NID_authority_key_identifier, "keyid") ||
      !AddExtension(raw, ca, NID_subject_alt_name, alternative_names) ||
      X509_sign(raw, ca_key, EVP_sha256()) == 0) {
    return Failed();
  }
  return server;
}

Result<std::string> CertificatePem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return Failed();
  }
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<Secret> KeyPem(EVP_PKEY* key) {
  // Secure memory: the text is as secret as the key.
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  char* data = nullptr;
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1) {
    return Failed();
  }
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret::CopyOf(
      AsBytes(std::string_view(data, static_cast<std::size_t>(size))));
}

}  // namespace

Result<NewIdentity> MakeIdentity(const std::vector<std::string>& names) {
  ASSIGN_OR_RETURN(const std::string alternative_names,
                   AlternativeNames(names));
  const EvpPkeyPtr ca_key(EVP_EC_gen("P-256"));
  const EvpPkeyPtr server_key(EVP_EC_gen("P-256"));
  if (!ca_key || !server_key) {
    return Failed();
  }
  ASSIGN_OR_RETURN(const X509Ptr ca, MakeCa(ca_key.get()));
  ASSIGN_OR_RETURN(
      const X509Ptr server,
      MakeServer(server_key.get(), ca.get(), ca_key.get(), alternative_names));
  NewIdentity identity;
  ASSIGN_OR_RETURN(identity.ca_pem, CertificatePem(ca.get()));
  ASSIGN_OR_RETURN(identity.ca_key_pem, KeyPem(ca_key.get()));
  ASSIGN_OR_RETURN(identity.server_pem, CertificatePem(server.get()));
  ASSIGN_OR_RETURN(identity.server_key_pem, KeyPem(server_key.get()));
  return identity;
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "simulator/certificate_spec.h"

#include <array>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::simulator {
namespace {

constexpr const char* kSgxExtensionOid = "1.2.840.113741.1.13.1";

using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;
using OctetsPtr =
    std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;

Error CertificateFailed(const char* what) {
  return OpensslError(Reason::kInternal, what);
}

bool AddText(X509_NAME* name, const char* field, const std::string& text) {
  return X509_NAME_add_entry_by_txt(
             name, field, MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(text.data()),
             static_cast<int>(text.size()), -1, 0) == 1;
}

// The name in the order of Intel's certificates.
Result<void> SetSubject(X509* certificate, const CertificateSpec& spec) {
  X509_NAME* name = X509_get_subject_name(certificate);
  if (!AddText(name, "CN", spec.common_name) ||
      (!spec.second_common_name.empty() &&
       !AddText(name, "CN", spec.second_common_name)) ||
      !AddText(name, "O", "Intel Corporation") ||
      !AddText(name, "L", "Santa Clara") || !AddText(name, "ST", "CA") ||
      !AddText(name, "C", "US")) {
    return CertificateFailed("name a certificate");
  }
  return {};
}

// 20 random bytes, positive.
Result<void> SetSerial(X509* certificate) {
  std::array<std::uint8_t, 20> serial{};
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) {
    return CertificateFailed("make a serial number");
  }
  serial[0] = static_cast<std::uint8_t>(serial[0] | 0x40U) & 0x7fU;
  const BignumPtr number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  if (number == nullptr ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) ==
          nullptr) {
    return CertificateFailed("set a serial number");
  }
  return {};
}

Result<void> AddExtension(X509* certificate, X509V3_CTX* context, int kind,
                          const std::string& value) {
  if (value.empty()) {
    return {};
  }
  const X509ExtensionPtr extension(
      X509V3_EXT_conf_nid(nullptr, context, kind, value.c_str()));
  if (extension == nullptr ||
      X509_add_ext(certificate, extension.get(), -1) != 1) {
    return CertificateFailed("add an extension");
  }
  return {};
}

Result<void> AddRawExtension(X509* certificate, const char* oid, bool critical,
                             const Bytes& value) {
  const ObjectPtr identifier(OBJ_txt2obj(oid, 1));
  const OctetsPtr octets(ASN1_OCTET_STRING_new());
  if (identifier == nullptr || octets == nullptr ||
      ASN1_OCTET_STRING_set(octets.get(), value.data(),
                            static_cast<int>(value.size())) != 1) {
    return CertificateFailed("make an extension");
  }
  const X509ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(
      nullptr, identifier.get(), critical ? 1 : 0, octets.get()));
  if (extension == nullptr ||
      X509_add_ext(certificate, extension.get(), -1) != 1) {
    return CertificateFailed("add an extension");
  }
  return {};
}

Result<void> AddExtensions(X509* certificate, X509* issuer,
                           const CertificateSpec& spec) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  // It can only be a copy of what the issuer has.
  const bool issuer_has_key_id =
      issuer == certificate ? spec.subject_key_id
                            : X509_get0_subject_key_id(issuer) != nullptr;
  const bool with_authority = spec.authority_key_id && issuer_has_key_id;
  // The subject key identifier first: a self-signed certificate's authority
  // key identifier is copied from it.
  RETURN_IF_ERROR(AddExtension(certificate, &context,
                               NID_subject_key_identifier,
                               spec.subject_key_id ? "hash" : ""));
  RETURN_IF_ERROR(AddExtension(certificate, &context,
                               NID_authority_key_identifier,
                               with_authority ? "keyid:always" : ""));
  RETURN_IF_ERROR(AddExtension(
      certificate, &context, NID_crl_distribution_points,
      spec.crl_url.empty() ? std::string() : "URI:" + spec.crl_url));
  RETURN_IF_ERROR(
      AddExtension(certificate, &context, NID_key_usage, spec.key_usage));
  RETURN_IF_ERROR(AddExtension(certificate, &context, NID_basic_constraints,
                               spec.basic_constraints));
  for (const Bytes& extension : spec.sgx_extensions) {
    RETURN_IF_ERROR(
        AddRawExtension(certificate, kSgxExtensionOid, false, extension));
  }
  if (spec.unknown_critical_extension) {
    RETURN_IF_ERROR(AddRawExtension(certificate, kUnknownExtensionOid, true,
                                    DerBoolean(true)));
  }
  return {};
}

}  // namespace

Result<EvpPkeyPtr> MakeKey(KeyKind kind) {
  EvpPkeyPtr key;
  switch (kind) {
    case KeyKind::kP256:
      key.reset(EVP_EC_gen("P-256"));
      break;
    case KeyKind::kP384:
      key.reset(EVP_EC_gen("P-384"));
      break;
    case KeyKind::kRsa2048:
      key.reset(EVP_RSA_gen(2048));
      break;
  }
  if (key == nullptr) {
    return CertificateFailed("make a key");
  }
  return key;
}

Result<X509Ptr> MakeCertificate(const CertificateSpec& spec,
                                EVP_PKEY* subject_key, const Signer& signer) {
  X509Ptr certificate(X509_new());
  if (certificate == nullptr) {
    return CertificateFailed("make a certificate");
  }
  X509* const made = certificate.get();
  X509* const issuer =
      signer.certificate == nullptr ? made : signer.certificate;
  RETURN_IF_ERROR(SetSubject(made, spec));
  RETURN_IF_ERROR(SetSerial(made));
  using Clock = std::chrono::system_clock;
  if (X509_set_version(made, spec.version) != 1 ||
      X509_set_issuer_name(made, X509_get_subject_name(issuer)) != 1 ||
      ASN1_TIME_set(X509_getm_notBefore(made),
                    Clock::to_time_t(spec.not_before)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(made),
                    Clock::to_time_t(spec.not_after)) == nullptr ||
      X509_set_pubkey(made, subject_key) != 1) {
    return CertificateFailed("fill a certificate");
  }
  RETURN_IF_ERROR(AddExtensions(made, issuer, spec));
  if (X509_sign(made, signer.key, spec.sha384 ? EVP_sha384() : EVP_sha256()) ==
      0) {
    return CertificateFailed("sign a certificate");
  }
  return certificate;
}

Result<std::string> ToPem(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr || PEM_write_bio_X509(memory.get(), certificate) != 1) {
    return CertificateFailed("write a certificate");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace tdxvfs::simulator

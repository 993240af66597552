// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/certificate.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "common/openssl_error.h"

namespace tdxvfs::verify {
namespace {

constexpr long kX509Version3 = 2;
constexpr std::array<int, 5> kRequiredExtensions = {
    NID_authority_key_identifier, NID_subject_key_identifier, NID_key_usage,
    NID_basic_constraints, NID_crl_distribution_points};

Error Refused(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

// A P-256 key that names its curve: explicit parameters could describe
// another curve (CVE-2020-0601).
Result<void> CheckKey(X509* certificate) {
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int key_size = 0;
  X509_ALGOR* parameters = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, &key, &key_size, &parameters,
                             X509_get_X509_PUBKEY(certificate)) != 1) {
    return OpensslError(Reason::kQuoteInvalid, "public key does not parse");
  }
  int type = V_ASN1_UNDEF;
  const void* curve = nullptr;
  X509_ALGOR_get0(nullptr, &type, &curve, parameters);
  if (OBJ_obj2nid(algorithm) != NID_X9_62_id_ecPublicKey ||
      type != V_ASN1_OBJECT ||
      OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(curve)) !=
          NID_X9_62_prime256v1 ||
      X509_get0_pubkey(certificate) == nullptr) {
    ERR_clear_error();
    return Refused("public key is not a P-256 key");
  }
  return {};
}

Result<void> CheckExtensions(X509* certificate) {
  for (const int required : kRequiredExtensions) {
    const int position = X509_get_ext_by_NID(certificate, required, -1);
    if (position < 0) {
      return Refused(std::string("extension missing: ") + OBJ_nid2ln(required));
    }
    if (X509_get_ext_by_NID(certificate, required, position) >= 0) {
      return Refused(std::string("extension twice: ") + OBJ_nid2ln(required));
    }
  }
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (X509_EXTENSION_get_critical(extension) != 0 && nid != NID_key_usage &&
        nid != NID_basic_constraints) {
      return Refused("unknown critical extension");
    }
  }
  return {};
}

Result<void> CheckRole(X509* certificate, const CertificateRole& role) {
  const std::uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_INVALID) != 0) {
    ERR_clear_error();
    return Refused("an extension does not parse");
  }
  const bool is_ca = (flags & EXFLAG_CA) != 0;
  if (is_ca != role.is_ca) {
    return Refused(role.is_ca ? "not a CA certificate" : "a CA certificate");
  }
  const std::uint32_t usage = X509_get_key_usage(certificate);
  if (!role.is_ca) {
    if ((usage & KU_DIGITAL_SIGNATURE) == 0 ||
        (usage & KU_KEY_CERT_SIGN) != 0) {
      return Refused("key usage is not that of a leaf");
    }
    return {};
  }
  if (X509_get_pathlen(certificate) != role.path_length) {
    return Refused("path length is not " + std::to_string(role.path_length));
  }
  if ((usage & KU_KEY_CERT_SIGN) == 0 || (usage & KU_CRL_SIGN) == 0) {
    return Refused("key usage is not that of a CA");
  }
  return {};
}

}  // namespace

Result<void> CheckCertificateProfile(X509* certificate,
                                     const CertificateRole& role) {
  if (X509_get_version(certificate) != kX509Version3) {
    return Refused("not an X.509 version 3 certificate");
  }
  if (X509_get_signature_nid(certificate) != NID_ecdsa_with_SHA256) {
    return Refused("signature algorithm is not ecdsa-with-SHA256");
  }
  RETURN_IF_ERROR(CheckKey(certificate));
  RETURN_IF_ERROR(CheckExtensions(certificate));
  return CheckRole(certificate, role);
}

Result<void> CheckIssuedBy(X509* certificate, X509* issuer) {
  if (!SameName(X509_get_issuer_name(certificate),
                X509_get_subject_name(issuer))) {
    return Refused("issuer name is not the next certificate's subject");
  }
  const ASN1_OCTET_STRING* authority = X509_get0_authority_key_id(certificate);
  const ASN1_OCTET_STRING* subject = X509_get0_subject_key_id(issuer);
  if (authority == nullptr || subject == nullptr ||
      ASN1_OCTET_STRING_cmp(authority, subject) != 0) {
    return Refused("authority key identifier is not the next certificate's");
  }
  if (X509_verify(certificate, X509_get0_pubkey(issuer)) != 1) {
    ERR_clear_error();
    return Refused("certificate signature does not hold");
  }
  return {};
}

Result<std::string> CommonName(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (position < 0 ||
      X509_NAME_get_index_by_NID(subject, NID_commonName, position) >= 0) {
    return Refused("subject has not exactly one common name");
  }
  const ASN1_STRING* value =
      X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position));
  return std::string(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
      static_cast<std::size_t>(ASN1_STRING_length(value)));
}

bool SameName(const X509_NAME* left, const X509_NAME* right) {
  const unsigned char* left_der = nullptr;
  const unsigned char* right_der = nullptr;
  std::size_t left_size = 0;
  std::size_t right_size = 0;
  if (X509_NAME_get0_der(left, &left_der, &left_size) != 1 ||
      X509_NAME_get0_der(right, &right_der, &right_size) != 1) {
    ERR_clear_error();
    return false;
  }
  const std::span<const unsigned char> left_bytes(left_der, left_size);
  const std::span<const unsigned char> right_bytes(right_der, right_size);
  return std::equal(left_bytes.begin(), left_bytes.end(), right_bytes.begin(),
                    right_bytes.end());
}

Result<Sha256Digest> KeyDigest(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) {
    return OpensslError(Reason::kQuoteInvalid, "public key does not encode");
  }
  auto digest = Sha256(
      std::span<const std::uint8_t>(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

Result<void> ExpectName(X509* certificate, std::string_view expected) {
  ASSIGN_OR_RETURN(const std::string name, CommonName(certificate));
  if (name != expected) {
    return Refused("common name is not '" + std::string(expected) + "'");
  }
  return {};
}

Result<Sha256Digest> SubjectAndKeyDigest(X509* certificate) {
  const unsigned char* subject = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(certificate), &subject, &size) !=
      1) {
    return OpensslError(Reason::kQuoteInvalid, "subject does not encode");
  }
  ASSIGN_OR_RETURN(const Sha256Digest key, KeyDigest(certificate));
  return LengthPrefixed()
      .Add(std::span<const std::uint8_t>(subject, size))
      .Add(key)
      .Sha256();
}

SerialNumber ReadSerial(const ASN1_INTEGER* serial) {
  const std::span<const std::uint8_t> bytes(
      ASN1_STRING_get0_data(serial),
      static_cast<std::size_t>(ASN1_STRING_length(serial)));
  const auto first = std::find_if(bytes.begin(), bytes.end(),
                                  [](std::uint8_t byte) { return byte != 0; });
  return {first, bytes.end()};
}

Result<std::chrono::system_clock::time_point> ReadTime(const ASN1_TIME* time) {
  struct tm parts {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return OpensslError(Reason::kQuoteInvalid, "time does not parse");
  }
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

Result<Validity> ValidityOf(X509* certificate) {
  Validity validity;
  ASSIGN_OR_RETURN(validity.certificate, CommonName(certificate));
  ASSIGN_OR_RETURN(validity.not_before,
                   ReadTime(X509_get0_notBefore(certificate)));
  ASSIGN_OR_RETURN(validity.not_after,
                   ReadTime(X509_get0_notAfter(certificate)));
  return validity;
}

}  // namespace tdxvfs::verify

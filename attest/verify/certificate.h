// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_
#define TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

// What a certificate must be for its place in a chain (Intel SGX PCK
// certificate and CRL profile specification, 1.3).
struct CertificateRole {
  bool is_ca = false;
  int path_length = 0;  // of a CA
};

// What all of Intel's certificates have in common and what its role demands:
// X.509 v3, ecdsa-with-SHA256, a P-256 key by name, the five extensions each
// once, no other critical one, CA flag, path length and key usage. Fails with
// kQuoteInvalid.
Result<void> CheckCertificateProfile(X509* certificate,
                                     const CertificateRole& role);

// That `issuer` signed `certificate`: names byte for byte, key identifiers and
// signature. Fails with kQuoteInvalid.
Result<void> CheckIssuedBy(X509* certificate, X509* issuer);

// The one common name of the subject, or an error when there is not exactly
// one.
Result<std::string> CommonName(X509* certificate);

bool SameName(const X509_NAME* left, const X509_NAME* right);

// Fails with kQuoteInvalid unless the common name is exactly this one: a name
// that merely contains the right one is another name.
Result<void> ExpectName(X509* certificate, std::string_view expected);

// SHA-256 of the DER SubjectPublicKeyInfo.
Result<Sha256Digest> KeyDigest(X509* certificate);

// SHA-256 over the DER of subject and SubjectPublicKeyInfo: who a CA is, across
// certificates that were issued to it again.
Result<Sha256Digest> SubjectAndKeyDigest(X509* certificate);

// A serial number's magnitude, big-endian without leading zeroes.
using SerialNumber = std::vector<std::uint8_t>;
SerialNumber ReadSerial(const ASN1_INTEGER* serial);

// A time in a certificate or CRL. Fails with kQuoteInvalid.
Result<std::chrono::system_clock::time_point> ReadTime(const ASN1_TIME* time);

// When a certificate may be used, both ends included.
struct Validity {
  std::string certificate;  // its common name
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};
Result<Validity> ValidityOf(X509* certificate);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_

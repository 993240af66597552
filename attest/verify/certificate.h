// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_
#define TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "attest/verify/certificate_extensions.h"
#include "attest/verify/der_reader.h"
#include "attest/verify/p256.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

// A serial number's magnitude, big-endian without leading zeroes.
using SerialNumber = std::vector<std::uint8_t>;
SerialNumber WithoutLeadingZeroes(std::span<const std::uint8_t> number);

// Next in a certificate or CRL: UTCTime until 2049, GeneralizedTime after it,
// in seconds and in UTC (RFC 5280, 4.1.2.5). Fails with kQuoteInvalid.
Result<std::chrono::system_clock::time_point> ReadTime(DerReader& reader);

// Next in a certificate or CRL: AlgorithmIdentifier, which must be
// ecdsa-with-SHA256. Fails with kQuoteInvalid.
Result<void> ExpectEcdsaWithSha256(DerReader& reader);

// When a certificate may be used, both ends included.
struct Validity {
  std::string certificate;  // its common name
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
};

// An X.509 certificate of Intel's profile. Owns its bytes; the spans lie in
// them. OpenSSL checks signatures and points; the frame is read here, since
// decoding three certificates with OpenSSL 3.0 costs more than verifying five
// signatures (docs/adr/0017-certificates-without-x509.md).
struct Certificate {
  std::vector<std::uint8_t> der;
  std::span<const std::uint8_t> signed_part;
  std::span<const std::uint8_t> issuer;
  std::span<const std::uint8_t> subject;
  std::span<const std::uint8_t> public_key_info;
  SerialNumber serial;
  std::string common_name;
  Validity validity;
  P256Key key;
  attest::ByteArray<64> signature{};  // r || s
  CertificateExtensions extensions;
};

// Reads one certificate that must fill `der` (DER, RFC 5280, 4.1) and have what
// all of Intel's have in common: X.509 v3, ecdsa-with-SHA256, a P-256 key by
// name, exactly one common name, the five extensions, no extension twice, no
// other critical one (Intel SGX PCK certificate and CRL profile specification,
// 1.3). Proves nothing. Fails with kQuoteInvalid or kInternal.
Result<Certificate> ParseCertificate(std::span<const std::uint8_t> der);

// What a certificate must be for its place in a chain.
struct CertificateRole {
  bool is_ca = false;
  std::uint32_t path_length = 0;  // of a CA
};

// CA flag, path length and key usage. Fails with kQuoteInvalid.
Result<void> CheckRole(const Certificate& certificate,
                       const CertificateRole& role);

// That `issuer` signed `certificate`: names byte for byte, key identifiers and
// signature. Fails with kQuoteInvalid.
Result<void> CheckIssuedBy(const Certificate& certificate,
                           const Certificate& issuer);

// Fails with kQuoteInvalid unless the common name is exactly this one: a name
// that merely contains the right one is another name.
Result<void> ExpectName(const Certificate& certificate,
                        std::string_view expected);

bool SameBytes(std::span<const std::uint8_t> left,
               std::span<const std::uint8_t> right);

// SHA-256 of the DER SubjectPublicKeyInfo.
Result<Sha256Digest> KeyDigest(const Certificate& certificate);

// SHA-256 over the DER of subject and SubjectPublicKeyInfo: who a CA is, across
// certificates that were issued to it again.
Result<Sha256Digest> SubjectAndKeyDigest(const Certificate& certificate);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CERTIFICATE_H_

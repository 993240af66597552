// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CERTIFICATE_EXTENSIONS_H_
#define TDXVFS_ATTEST_VERIFY_CERTIFICATE_EXTENSIONS_H_

#include <cstdint>
#include <optional>
#include <span>

#include "attest/verify/der_reader.h"
#include "common/result.h"

namespace tdxvfs::verify {

// One extension of a certificate, a CRL or an entry of one.
struct Extension {
  std::span<const std::uint8_t> identifier;  // contents of the OID
  bool critical = false;
  std::span<const std::uint8_t> value;
};
Result<Extension> NextExtension(DerReader& list);

// The key identifier in the value of an authority key identifier.
Result<std::span<const std::uint8_t>> ReadAuthorityKeyId(
    std::span<const std::uint8_t> value);

// What we read of a certificate's extensions (RFC 5280, 4.2.1). The spans lie
// in the certificate.
struct CertificateExtensions {
  std::span<const std::uint8_t> authority_key_id;
  std::span<const std::uint8_t> subject_key_id;
  bool signs_data = false;          // keyUsage digitalSignature
  bool signs_certificates = false;  // keyUsage keyCertSign
  bool signs_crls = false;          // keyUsage cRLSign
  bool is_ca = false;
  std::optional<std::uint32_t> path_length;
  // Contents of the Intel SGX extension, 1.2.840.113741.1.13.1.
  std::optional<std::span<const std::uint8_t>> sgx;
};

// Reads the contents of `Extensions ::= SEQUENCE OF Extension`: authority and
// subject key identifier, key usage, basic constraints and CRL distribution
// points must be there, none twice, no other critical. Fails with
// kQuoteInvalid.
Result<CertificateExtensions> ReadExtensions(
    std::span<const std::uint8_t> list);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CERTIFICATE_EXTENSIONS_H_

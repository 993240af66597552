// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/certificate_extensions.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "attest/verify/der_reader.h"

namespace tdxvfs::verify {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Last number of the identifiers 2.5.29.N.
enum Known : std::uint8_t {
  kSubjectKeyId = 14,
  kKeyUsage = 15,
  kBasicConstraints = 19,
  kCrlDistributionPoints = 31,
  kAuthorityKeyId = 35,
};
constexpr std::array<std::uint8_t, 2> kCertificateExtension = {0x55, 0x1d};
constexpr std::array<std::uint8_t, 9> kSgx = {0x2a, 0x86, 0x48, 0x86, 0xf8,
                                              0x4d, 0x01, 0x0d, 0x01};
// Intel's have six at most.
constexpr std::size_t kMaxExtensions = 32;

// keyUsage: bits from the most significant of the first byte.
constexpr std::uint8_t kDigitalSignature = 0x80;
constexpr std::uint8_t kKeyCertSign = 0x04;
constexpr std::uint8_t kCrlSign = 0x02;

Error ExtensionError(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

// The one value that an extension consists of.
Result<Bytes> Sole(Bytes value, DerTag tag) {
  DerReader reader(value);
  ASSIGN_OR_RETURN(const Bytes contents, reader.Next(tag));
  RETURN_IF_ERROR(reader.ExpectEnd());
  return contents;
}

Result<void> ReadKeyUsage(Bytes value, CertificateExtensions& extensions) {
  ASSIGN_OR_RETURN(const Bytes bits, Sole(value, DerTag::kBitString));
  if (bits.size() < 2 || bits[0] > 7) {
    return ExtensionError("malformed key usage");
  }
  extensions.signs_data = (bits[1] & kDigitalSignature) != 0;
  extensions.signs_certificates = (bits[1] & kKeyCertSign) != 0;
  extensions.signs_crls = (bits[1] & kCrlSign) != 0;
  return {};
}

Result<void> ReadConstraints(Bytes value, CertificateExtensions& extensions) {
  ASSIGN_OR_RETURN(const Bytes contents, Sole(value, DerTag::kSequence));
  DerReader reader(contents);
  if (reader.NextIs(DerTag::kBoolean)) {
    ASSIGN_OR_RETURN(extensions.is_ca, reader.NextBoolean());
  }
  if (!reader.at_end()) {
    ASSIGN_OR_RETURN(extensions.path_length,
                     reader.NextNumber(DerTag::kInteger, UINT16_MAX));
  }
  return reader.ExpectEnd();
}

// False when the extension is none of those that we know.
Result<bool> ReadOne(const Extension& extension,
                     CertificateExtensions& extensions) {
  const Bytes id = extension.identifier;
  if (std::equal(id.begin(), id.end(), kSgx.begin(), kSgx.end())) {
    extensions.sgx = extension.value;
    return !extension.critical;
  }
  if (id.size() != 3 || id[0] != kCertificateExtension[0] ||
      id[1] != kCertificateExtension[1]) {
    return false;
  }
  switch (id[2]) {
    case kSubjectKeyId: {
      ASSIGN_OR_RETURN(extensions.subject_key_id,
                       Sole(extension.value, DerTag::kOctetString));
      return !extension.critical;
    }
    case kAuthorityKeyId: {
      ASSIGN_OR_RETURN(extensions.authority_key_id,
                       ReadAuthorityKeyId(extension.value));
      return !extension.critical;
    }
    case kKeyUsage:
      RETURN_IF_ERROR(ReadKeyUsage(extension.value, extensions));
      return true;
    case kBasicConstraints:
      RETURN_IF_ERROR(ReadConstraints(extension.value, extensions));
      return true;
    case kCrlDistributionPoints:
      RETURN_IF_ERROR(Sole(extension.value, DerTag::kSequence));
      return !extension.critical;
    default:
      return false;
  }
}

bool Has(const std::vector<Bytes>& seen, Bytes identifier) {
  return std::any_of(seen.begin(), seen.end(), [identifier](Bytes other) {
    return std::equal(other.begin(), other.end(), identifier.begin(),
                      identifier.end());
  });
}

Result<void> RequireAll(const std::vector<Bytes>& seen) {
  for (const auto& [number, name] :
       {std::pair<std::uint8_t, const char*>{kAuthorityKeyId,
                                             "authority key identifier"},
        {kSubjectKeyId, "subject key identifier"},
        {kKeyUsage, "key usage"},
        {kBasicConstraints, "basic constraints"},
        {kCrlDistributionPoints, "CRL distribution points"}}) {
    const std::array<std::uint8_t, 3> identifier = {
        kCertificateExtension[0], kCertificateExtension[1], number};
    if (!Has(seen, identifier)) {
      return ExtensionError(std::string("extension missing: ") + name);
    }
  }
  return {};
}

}  // namespace

Result<Extension> NextExtension(DerReader& list) {
  ASSIGN_OR_RETURN(const Bytes contents, list.Next(DerTag::kSequence));
  DerReader reader(contents);
  Extension extension;
  ASSIGN_OR_RETURN(extension.identifier,
                   reader.Next(DerTag::kObjectIdentifier));
  if (reader.NextIs(DerTag::kBoolean)) {
    ASSIGN_OR_RETURN(extension.critical, reader.NextBoolean());
  }
  ASSIGN_OR_RETURN(extension.value, reader.Next(DerTag::kOctetString));
  RETURN_IF_ERROR(reader.ExpectEnd());
  return extension;
}

// Issuer and serial number may follow the identifier of the key.
Result<Bytes> ReadAuthorityKeyId(Bytes value) {
  ASSIGN_OR_RETURN(const Bytes contents, Sole(value, DerTag::kSequence));
  return DerReader(contents).Next(DerTag::kImplicit0);
}

Result<CertificateExtensions> ReadExtensions(Bytes list) {
  CertificateExtensions extensions;
  std::vector<Bytes> seen;
  DerReader reader(list);
  while (!reader.at_end()) {
    ASSIGN_OR_RETURN(const Extension extension, NextExtension(reader));
    if (seen.size() == kMaxExtensions || Has(seen, extension.identifier)) {
      return ExtensionError("an extension twice, or too many");
    }
    seen.push_back(extension.identifier);
    ASSIGN_OR_RETURN(const bool known, ReadOne(extension, extensions));
    if (!known && extension.critical) {
      return ExtensionError("unknown critical extension");
    }
  }
  RETURN_IF_ERROR(RequireAll(seen));
  return extensions;
}

}  // namespace tdxvfs::verify

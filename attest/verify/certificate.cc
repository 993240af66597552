// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/certificate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "attest/verify/der_reader.h"
#include "attest/verify/utc_time.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

using Bytes = std::span<const std::uint8_t>;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::uint32_t kX509Version3 = 2;
// AlgorithmIdentifier { ecdsa-with-SHA256 } without its header (RFC 5758, 3.2).
constexpr std::array<std::uint8_t, 10> kEcdsaWithSha256 = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
// AlgorithmIdentifier { id-ecPublicKey, prime256v1 } without its header: the
// curve by name, since explicit parameters could describe another one
// (CVE-2020-0601).
constexpr std::array<std::uint8_t, 19> kP256KeyAlgorithm = {
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 3> kCommonName = {0x55, 0x04, 0x03};
// Unused bits, uncompressed form, X and Y.
constexpr std::size_t kPointBits = 66;
constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kMaxSerial = 32;

Error CertificateError(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

Result<void> ExpectContents(DerReader& reader, Bytes expected,
                            const char* why) {
  ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kSequence));
  if (!SameBytes(contents, expected)) {
    return CertificateError(why);
  }
  return {};
}

Result<void> ExpectVersion3(DerReader& reader) {
  if (!reader.NextIs(DerTag::kExplicit0)) {
    return CertificateError("not an X.509 version 3 certificate");
  }
  ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kExplicit0));
  DerReader version(contents);
  ASSIGN_OR_RETURN(const std::uint32_t number,
                   version.NextNumber(DerTag::kInteger, UINT8_MAX));
  if (number != kX509Version3) {
    return CertificateError("not an X.509 version 3 certificate");
  }
  return version.ExpectEnd();
}

Result<SerialNumber> ReadSerial(DerReader& reader) {
  ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kInteger));
  if (contents.empty() || contents.size() > kMaxSerial ||
      (contents[0] & 0x80U) != 0) {
    return CertificateError("serial number is not a positive number");
  }
  return WithoutLeadingZeroes(contents);
}

// The one common name of a subject. Its letters count, not their encoding.
Result<std::string> ReadCommonName(Bytes name) {
  DerReader whole(name);
  ASSIGN_OR_RETURN(const Bytes list, whole.Next(DerTag::kSequence));
  DerReader sets(list);
  std::optional<std::string> common_name;
  while (!sets.at_end()) {
    ASSIGN_OR_RETURN(const Bytes set, sets.Next(DerTag::kSet));
    DerReader attributes(set);
    while (!attributes.at_end()) {
      ASSIGN_OR_RETURN(const Bytes attribute,
                       attributes.Next(DerTag::kSequence));
      DerReader reader(attribute);
      ASSIGN_OR_RETURN(const Bytes type,
                       reader.Next(DerTag::kObjectIdentifier));
      if (!SameBytes(type, kCommonName)) {
        continue;
      }
      ASSIGN_OR_RETURN(const Bytes value,
                       reader.Next(reader.NextIs(DerTag::kUtf8String)
                                       ? DerTag::kUtf8String
                                       : DerTag::kPrintableString));
      if (common_name.has_value()) {
        return CertificateError("subject has not exactly one common name");
      }
      common_name = std::string(AsText(value));
    }
  }
  if (!common_name.has_value()) {
    return CertificateError("subject has not exactly one common name");
  }
  return *common_name;
}

Result<Validity> ReadValidity(DerReader& reader) {
  ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kSequence));
  DerReader times(contents);
  Validity validity;
  ASSIGN_OR_RETURN(validity.not_before, ReadTime(times));
  ASSIGN_OR_RETURN(validity.not_after, ReadTime(times));
  RETURN_IF_ERROR(times.ExpectEnd());
  return validity;
}

Result<P256Key> ReadKey(Bytes public_key_info) {
  DerReader whole(public_key_info);
  ASSIGN_OR_RETURN(const Bytes contents, whole.Next(DerTag::kSequence));
  DerReader reader(contents);
  RETURN_IF_ERROR(ExpectContents(reader, kP256KeyAlgorithm,
                                 "public key is not a P-256 key"));
  ASSIGN_OR_RETURN(const Bytes bits, reader.Next(DerTag::kBitString));
  RETURN_IF_ERROR(reader.ExpectEnd());
  if (bits.size() != kPointBits || bits[0] != 0 || bits[1] != kUncompressed) {
    return CertificateError("public key is not a P-256 key");
  }
  return P256Key::FromPoint(bits.subspan<2, 64>());
}

Result<void> ReadSignedPart(Bytes contents, Certificate& certificate) {
  DerReader reader(contents);
  RETURN_IF_ERROR(ExpectVersion3(reader));
  ASSIGN_OR_RETURN(certificate.serial, ReadSerial(reader));
  RETURN_IF_ERROR(ExpectEcdsaWithSha256(reader));
  ASSIGN_OR_RETURN(certificate.issuer, reader.NextWhole(DerTag::kSequence));
  ASSIGN_OR_RETURN(certificate.validity, ReadValidity(reader));
  ASSIGN_OR_RETURN(certificate.subject, reader.NextWhole(DerTag::kSequence));
  ASSIGN_OR_RETURN(certificate.common_name,
                   ReadCommonName(certificate.subject));
  certificate.validity.certificate = certificate.common_name;
  ASSIGN_OR_RETURN(certificate.public_key_info,
                   reader.NextWhole(DerTag::kSequence));
  ASSIGN_OR_RETURN(certificate.key, ReadKey(certificate.public_key_info));
  ASSIGN_OR_RETURN(const Bytes wrapped, reader.Next(DerTag::kExplicit3));
  RETURN_IF_ERROR(reader.ExpectEnd());
  DerReader wrapper(wrapped);
  ASSIGN_OR_RETURN(const Bytes list, wrapper.Next(DerTag::kSequence));
  RETURN_IF_ERROR(wrapper.ExpectEnd());
  ASSIGN_OR_RETURN(certificate.extensions, ReadExtensions(list));
  return {};
}

}  // namespace

bool SameBytes(Bytes left, Bytes right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

Result<void> ExpectEcdsaWithSha256(DerReader& reader) {
  return ExpectContents(reader, kEcdsaWithSha256,
                        "signature algorithm is not ecdsa-with-SHA256");
}

Result<TimePoint> ReadTime(DerReader& reader) {
  std::string digits;
  if (reader.NextIs(DerTag::kUtcTime)) {
    ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kUtcTime));
    const std::string_view text = AsText(contents);
    digits = (text.empty() || text[0] >= '5' ? "19" : "20") + std::string(text);
  } else {
    ASSIGN_OR_RETURN(const Bytes contents,
                     reader.Next(DerTag::kGeneralizedTime));
    digits = AsText(contents);
  }
  if (digits.size() != std::string_view("20260131000000Z").size()) {
    return CertificateError("time does not parse");
  }
  const std::string_view d = digits;
  std::string text;
  text.append(d.substr(0, 4)).append("-").append(d.substr(4, 2)).append("-");
  text.append(d.substr(6, 2)).append("T").append(d.substr(8, 2)).append(":");
  text.append(d.substr(10, 2)).append(":").append(d.substr(12, 3));
  const auto time = ParseUtcTime(text);
  if (!time.has_value()) {
    return CertificateError("time does not parse");
  }
  return *time;
}

SerialNumber WithoutLeadingZeroes(Bytes number) {
  const auto first = std::find_if(number.begin(), number.end(),
                                  [](std::uint8_t byte) { return byte != 0; });
  return {first, number.end()};
}

Result<Certificate> ParseCertificate(Bytes der) {
  Certificate certificate;
  certificate.der.assign(der.begin(), der.end());
  DerReader whole(certificate.der);
  ASSIGN_OR_RETURN(const Bytes contents, whole.Next(DerTag::kSequence));
  RETURN_IF_ERROR(whole.ExpectEnd());
  DerReader frame(contents);
  ASSIGN_OR_RETURN(certificate.signed_part, frame.NextWhole(DerTag::kSequence));
  RETURN_IF_ERROR(ExpectEcdsaWithSha256(frame));
  ASSIGN_OR_RETURN(const Bytes signature, frame.Next(DerTag::kBitString));
  RETURN_IF_ERROR(frame.ExpectEnd());
  ASSIGN_OR_RETURN(certificate.signature, ReadSignatureBits(signature));
  DerReader signed_part(certificate.signed_part);
  ASSIGN_OR_RETURN(const Bytes signed_contents,
                   signed_part.Next(DerTag::kSequence));
  RETURN_IF_ERROR(ReadSignedPart(signed_contents, certificate));
  return certificate;
}

Result<void> CheckRole(const Certificate& certificate,
                       const CertificateRole& role) {
  const CertificateExtensions& extensions = certificate.extensions;
  if (extensions.is_ca != role.is_ca) {
    return CertificateError(role.is_ca ? "not a CA certificate"
                                       : "a CA certificate");
  }
  if (!role.is_ca) {
    if (extensions.path_length.has_value() || !extensions.signs_data ||
        extensions.signs_certificates) {
      return CertificateError("key usage is not that of a leaf");
    }
    return {};
  }
  if (extensions.path_length != role.path_length) {
    return CertificateError("path length is not " +
                            std::to_string(role.path_length));
  }
  if (!extensions.signs_certificates || !extensions.signs_crls) {
    return CertificateError("key usage is not that of a CA");
  }
  return {};
}

Result<void> CheckIssuedBy(const Certificate& certificate,
                           const Certificate& issuer) {
  if (!SameBytes(certificate.issuer, issuer.subject)) {
    return CertificateError(
        "issuer name is not the next certificate's subject");
  }
  if (!SameBytes(certificate.extensions.authority_key_id,
                 issuer.extensions.subject_key_id)) {
    return CertificateError(
        "authority key identifier is not the next certificate's");
  }
  return issuer.key
      .CheckSignature(certificate.signed_part, certificate.signature)
      .Context("certificate signature");
}

Result<void> ExpectName(const Certificate& certificate,
                        std::string_view expected) {
  if (certificate.common_name != expected) {
    return CertificateError("common name is not '" + std::string(expected) +
                            "'");
  }
  return {};
}

Result<Sha256Digest> KeyDigest(const Certificate& certificate) {
  return Sha256(certificate.public_key_info);
}

Result<Sha256Digest> SubjectAndKeyDigest(const Certificate& certificate) {
  return LengthPrefixed()
      .Add(certificate.subject)
      .Add(certificate.public_key_info)
      .Sha256();
}

}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/crl.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "attest/verify/certificate_extensions.h"
#include "attest/verify/der_reader.h"
#include "attest/verify/p256.h"

namespace tdxvfs::verify {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t kCrlVersion2 = 1;
constexpr std::array<std::uint8_t, 3> kCrlNumber = {0x55, 0x1d, 20};
constexpr std::array<std::uint8_t, 3> kCrlReason = {0x55, 0x1d, 21};
constexpr std::array<std::uint8_t, 3> kDeltaCrlIndicator = {0x55, 0x1d, 27};
constexpr std::array<std::uint8_t, 3> kDistributionPoint = {0x55, 0x1d, 28};
constexpr std::array<std::uint8_t, 3> kAuthorityKeyIdOid = {0x55, 0x1d, 35};

Error CrlError(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

// Services also answer in PEM and in hex (PCS and PCCS API v4, pckcrl and
// rootcacrl); whoever fetches turns that into DER.
Result<void> CheckEncoding(Bytes der) {
  constexpr std::string_view pem = "-----BEGIN";
  const auto starts_with = [der](std::string_view text) {
    return der.size() >= text.size() &&
           std::equal(text.begin(), text.end(), der.begin());
  };
  if (starts_with(pem)) {
    return CrlError(
        "PEM and not DER; 'openssl crl -in FILE -outform DER -out OUT' turns "
        "it into DER");
  }
  if (starts_with("308") || starts_with("0x30")) {
    return CrlError(
        "hex text and not DER; 'xxd -r -p FILE OUT' turns it into "
        "DER");
  }
  return {};
}

// `CertificateList`: what is signed and by what (RFC 5280, 5.1).
struct Frame {
  Bytes signed_part;
  attest::ByteArray<64> signature{};
};

Result<Frame> ReadFrame(Bytes der) {
  DerReader whole(der);
  ASSIGN_OR_RETURN(const Bytes contents, whole.Next(DerTag::kSequence));
  RETURN_IF_ERROR(whole.ExpectEnd());
  DerReader reader(contents);
  Frame frame;
  ASSIGN_OR_RETURN(frame.signed_part, reader.NextWhole(DerTag::kSequence));
  RETURN_IF_ERROR(ExpectEcdsaWithSha256(reader));
  ASSIGN_OR_RETURN(const Bytes bits, reader.Next(DerTag::kBitString));
  RETURN_IF_ERROR(reader.ExpectEnd());
  ASSIGN_OR_RETURN(frame.signature, ReadSignatureBits(bits));
  return frame;
}

Result<void> ExpectVersion2(DerReader& reader) {
  if (!reader.NextIs(DerTag::kInteger)) {
    return CrlError("not a version 2 CRL");
  }
  ASSIGN_OR_RETURN(const std::uint32_t version,
                   reader.NextNumber(DerTag::kInteger, UINT8_MAX));
  if (version != kCrlVersion2) {
    return CrlError("not a version 2 CRL");
  }
  return {};
}

// An entry counts whatever its reason. A critical extension but the reason
// could say that it is another issuer's.
Result<void> CheckEntryExtensions(Bytes list) {
  DerReader reader(list);
  while (!reader.at_end()) {
    ASSIGN_OR_RETURN(const Extension extension, NextExtension(reader));
    if (extension.critical && !SameBytes(extension.identifier, kCrlReason)) {
      return CrlError("unknown critical extension of an entry");
    }
  }
  return {};
}

Result<RevokedSerials> ReadEntries(Bytes list) {
  RevokedSerials revoked;
  DerReader reader(list);
  while (!reader.at_end()) {
    ASSIGN_OR_RETURN(const Bytes contents, reader.Next(DerTag::kSequence));
    DerReader entry(contents);
    ASSIGN_OR_RETURN(const Bytes serial, entry.Next(DerTag::kInteger));
    RETURN_IF_ERROR(ReadTime(entry));
    if (!entry.at_end()) {
      ASSIGN_OR_RETURN(const Bytes extensions, entry.Next(DerTag::kSequence));
      RETURN_IF_ERROR(CheckEntryExtensions(extensions));
    }
    RETURN_IF_ERROR(entry.ExpectEnd());
    revoked.push_back(WithoutLeadingZeroes(serial));
  }
  std::sort(revoked.begin(), revoked.end());
  return revoked;
}

struct ListExtensions {
  std::optional<Bytes> authority_key_id;
  bool has_number = false;
};

Result<ListExtensions> ReadListExtensions(Bytes list) {
  ListExtensions read;
  DerReader reader(list);
  while (!reader.at_end()) {
    ASSIGN_OR_RETURN(const Extension extension, NextExtension(reader));
    const Bytes id = extension.identifier;
    if (SameBytes(id, kDeltaCrlIndicator) ||
        SameBytes(id, kDistributionPoint)) {
      return CrlError("not a complete CRL");
    }
    if (SameBytes(id, kCrlNumber)) {
      if (read.has_number) {
        return CrlError("CRL number twice");
      }
      DerReader number(extension.value);
      RETURN_IF_ERROR(number.Next(DerTag::kInteger));
      RETURN_IF_ERROR(number.ExpectEnd());
      read.has_number = true;
    } else if (SameBytes(id, kAuthorityKeyIdOid)) {
      if (read.authority_key_id.has_value()) {
        return CrlError("authority key identifier twice");
      }
      ASSIGN_OR_RETURN(read.authority_key_id,
                       ReadAuthorityKeyId(extension.value));
    } else if (extension.critical) {
      return CrlError("unknown critical extension");
    }
  }
  return read;
}

Result<void> CheckListExtensions(DerReader& reader, const Certificate& issuer) {
  ListExtensions extensions;
  if (reader.NextIs(DerTag::kExplicit0)) {
    ASSIGN_OR_RETURN(const Bytes wrapped, reader.Next(DerTag::kExplicit0));
    DerReader wrapper(wrapped);
    ASSIGN_OR_RETURN(const Bytes list, wrapper.Next(DerTag::kSequence));
    RETURN_IF_ERROR(wrapper.ExpectEnd());
    ASSIGN_OR_RETURN(extensions, ReadListExtensions(list));
  }
  if (!extensions.has_number) {
    return CrlError("no CRL number");
  }
  if (!extensions.authority_key_id.has_value() ||
      !SameBytes(*extensions.authority_key_id,
                 issuer.extensions.subject_key_id)) {
    return CrlError("authority key identifier is not the CA's");
  }
  return {};
}

Result<Crl> ReadList(Bytes signed_part, const Certificate& issuer) {
  DerReader whole(signed_part);
  ASSIGN_OR_RETURN(const Bytes contents, whole.Next(DerTag::kSequence));
  DerReader reader(contents);
  RETURN_IF_ERROR(ExpectVersion2(reader));
  // The signed part names the algorithm, too, and must name the same.
  RETURN_IF_ERROR(ExpectEcdsaWithSha256(reader));
  ASSIGN_OR_RETURN(const Bytes name, reader.NextWhole(DerTag::kSequence));
  if (!SameBytes(name, issuer.subject)) {
    return CrlError("issuer name is not the subject of the CA");
  }
  Crl crl;
  ASSIGN_OR_RETURN(crl.this_update, ReadTime(reader));
  if (!reader.NextIs(DerTag::kUtcTime) &&
      !reader.NextIs(DerTag::kGeneralizedTime)) {
    return CrlError("no nextUpdate");
  }
  ASSIGN_OR_RETURN(crl.next_update, ReadTime(reader));
  if (reader.NextIs(DerTag::kSequence)) {
    ASSIGN_OR_RETURN(const Bytes entries, reader.Next(DerTag::kSequence));
    ASSIGN_OR_RETURN(crl.revoked, ReadEntries(entries));
  }
  RETURN_IF_ERROR(CheckListExtensions(reader, issuer));
  RETURN_IF_ERROR(reader.ExpectEnd());
  return crl;
}

}  // namespace

bool IsRevoked(const RevokedSerials& revoked, const SerialNumber& serial) {
  return std::binary_search(revoked.begin(), revoked.end(), serial);
}

Result<Crl> VerifyCrl(Bytes der, const Certificate& issuer) {
  if (der.size() > kMaxCrl) {
    return CrlError("more than " + std::to_string(kMaxCrl) + " bytes");
  }
  RETURN_IF_ERROR(CheckEncoding(der));
  ASSIGN_OR_RETURN(const Frame frame, ReadFrame(der));
  ASSIGN_OR_RETURN(Crl crl, ReadList(frame.signed_part, issuer));
  RETURN_IF_ERROR(issuer.key.CheckSignature(frame.signed_part, frame.signature)
                      .Context("signature"));
  return crl;
}

}  // namespace tdxvfs::verify

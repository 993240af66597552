// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/crl.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "attest/verify/der_reader.h"
#include "common/openssl_error.h"

namespace tdxvfs::verify {
namespace {

using AuthorityKeyIdPtr =
    std::unique_ptr<AUTHORITY_KEYID, FreeWith<AUTHORITY_KEYID_free>>;
using Asn1IntegerPtr =
    std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;

constexpr long kCrlVersion2 = 1;
// AlgorithmIdentifier { ecdsa-with-SHA256 } without its header (RFC 5758, 3.2).
constexpr std::array<std::uint8_t, 10> kEcdsaWithSha256 = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

Error Refused(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

Result<void> ExpectAlgorithm(DerReader& reader) {
  ASSIGN_OR_RETURN(const auto algorithm, reader.Next(DerTag::kSequence));
  if (!std::equal(algorithm.begin(), algorithm.end(), kEcdsaWithSha256.begin(),
                  kEcdsaWithSha256.end())) {
    return Refused("signature algorithm is not ecdsa-with-SHA256");
  }
  return {};
}

// The signed part names the algorithm, too, and must name the same (RFC 5280,
// 5.1.1.2): OpenSSL compares the two in certificates, not in CRLs. Nor does it
// insist on DER around the signed part.
Result<void> CheckFrame(std::span<const std::uint8_t> der) {
  DerReader whole(der);
  ASSIGN_OR_RETURN(const auto contents, whole.Next(DerTag::kSequence));
  RETURN_IF_ERROR(whole.ExpectEnd());
  DerReader frame(contents);
  ASSIGN_OR_RETURN(const auto signed_part, frame.Next(DerTag::kSequence));
  DerReader list(signed_part);
  RETURN_IF_ERROR(list.Next(DerTag::kInteger));
  RETURN_IF_ERROR(ExpectAlgorithm(list));
  RETURN_IF_ERROR(ExpectAlgorithm(frame));
  RETURN_IF_ERROR(frame.Next(DerTag::kBitString));
  return frame.ExpectEnd();
}

Result<X509CrlPtr> Parse(std::span<const std::uint8_t> der) {
  if (der.size() > kMaxCrl) {
    return Refused("more than " + std::to_string(kMaxCrl) + " bytes");
  }
  RETURN_IF_ERROR(CheckFrame(der));
  const unsigned char* position = der.data();
  X509CrlPtr crl(
      d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
  if (crl == nullptr) {
    return OpensslError(Reason::kQuoteInvalid, "does not parse");
  }
  if (position != der.data() + der.size()) {
    return Refused("bytes after the CRL");
  }
  if (X509_CRL_get_version(crl.get()) != kCrlVersion2) {
    return Refused("not a version 2 CRL");
  }
  return crl;
}

Result<void> CheckExtensions(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    X509_EXTENSION* extension = X509_CRL_get_ext(crl, i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (nid == NID_delta_crl || nid == NID_issuing_distribution_point) {
      return Refused("not a complete CRL");
    }
    if (nid != NID_authority_key_identifier && nid != NID_crl_number &&
        X509_EXTENSION_get_critical(extension) != 0) {
      return Refused("unknown critical extension");
    }
  }
  // Null as well when the extension stands twice.
  const Asn1IntegerPtr number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  if (number == nullptr) {
    ERR_clear_error();
    return Refused("no CRL number");
  }
  return {};
}

Result<void> CheckIssuer(X509_CRL* crl, X509* issuer) {
  if (!SameName(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer))) {
    return Refused("issuer name is not the subject of the CA");
  }
  const AuthorityKeyIdPtr authority(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(
          crl, NID_authority_key_identifier, nullptr, nullptr)));
  const ASN1_OCTET_STRING* subject = X509_get0_subject_key_id(issuer);
  if (authority == nullptr || authority->keyid == nullptr ||
      subject == nullptr ||
      ASN1_OCTET_STRING_cmp(authority->keyid, subject) != 0) {
    ERR_clear_error();
    return Refused("authority key identifier is not the CA's");
  }
  if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1) {
    ERR_clear_error();
    return Refused("signature does not hold");
  }
  return {};
}

Result<void> CheckEntry(const X509_REVOKED* entry) {
  for (int i = 0; i < X509_REVOKED_get_ext_count(entry); ++i) {
    X509_EXTENSION* extension = X509_REVOKED_get_ext(entry, i);
    if (X509_EXTENSION_get_critical(extension) != 0 &&
        OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_crl_reason) {
      return Refused("unknown critical extension of an entry");
    }
  }
  return {};
}

Result<RevokedSerials> ReadEntries(X509_CRL* crl) {
  const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(crl);
  const int count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
  RevokedSerials revoked;
  revoked.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
    RETURN_IF_ERROR(CheckEntry(entry));
    revoked.push_back(ReadSerial(X509_REVOKED_get0_serialNumber(entry)));
  }
  std::sort(revoked.begin(), revoked.end());
  return revoked;
}

}  // namespace

bool IsRevoked(const RevokedSerials& revoked, const SerialNumber& serial) {
  return std::binary_search(revoked.begin(), revoked.end(), serial);
}

Result<Crl> VerifyCrl(std::span<const std::uint8_t> der, X509* issuer) {
  ASSIGN_OR_RETURN(const X509CrlPtr parsed, Parse(der));
  RETURN_IF_ERROR(CheckExtensions(parsed.get()));
  RETURN_IF_ERROR(CheckIssuer(parsed.get(), issuer));
  Crl crl;
  ASSIGN_OR_RETURN(crl.this_update,
                   ReadTime(X509_CRL_get0_lastUpdate(parsed.get())));
  const ASN1_TIME* next_update = X509_CRL_get0_nextUpdate(parsed.get());
  if (next_update == nullptr) {
    return Refused("no nextUpdate");
  }
  ASSIGN_OR_RETURN(crl.next_update, ReadTime(next_update));
  ASSIGN_OR_RETURN(crl.revoked, ReadEntries(parsed.get()));
  return crl;
}

}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include "simulator/crl_spec.h"

#include "common/openssl_error.h"

namespace tdxvfs::simulator {
namespace {

using std::chrono::system_clock;
using RevokedPtr = std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using EnumeratedPtr =
    std::unique_ptr<ASN1_ENUMERATED, FreeWith<ASN1_ENUMERATED_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

constexpr long kKeyCompromise = 1;

Error CrlFailed(const char* what) {
  return OpensslError(Reason::kInternal, what);
}

TimePtr ToTime(system_clock::time_point time) {
  return TimePtr(ASN1_TIME_set(nullptr, system_clock::to_time_t(time)));
}

Result<void> SetIssuer(X509_CRL* crl, const CrlSpec& spec,
                       const Signer& issuer) {
  const X509NamePtr name(
      X509_NAME_dup(X509_get_subject_name(issuer.certificate)));
  if (name == nullptr) {
    return CrlFailed("name a CRL's issuer");
  }
  if (!spec.issuer_name.empty()) {
    const int position =
        X509_NAME_get_index_by_NID(name.get(), NID_commonName, -1);
    const std::unique_ptr<X509_NAME_ENTRY, FreeWith<X509_NAME_ENTRY_free>> old(
        X509_NAME_delete_entry(name.get(), position));
    if (X509_NAME_add_entry_by_txt(
            name.get(), "CN", MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(spec.issuer_name.data()),
            static_cast<int>(spec.issuer_name.size()), 0, 0) != 1) {
      return CrlFailed("name a CRL's issuer");
    }
  }
  if (X509_CRL_set_issuer_name(crl, name.get()) != 1) {
    return CrlFailed("name a CRL's issuer");
  }
  return {};
}

Result<void> AddRevoked(X509_CRL* crl, const RevokedSpec& spec,
                        system_clock::time_point when) {
  RevokedPtr revoked(X509_REVOKED_new());
  const BignumPtr number(BN_bin2bn(
      spec.serial.data(), static_cast<int>(spec.serial.size()), nullptr));
  const IntegerPtr serial(
      number == nullptr ? nullptr : BN_to_ASN1_INTEGER(number.get(), nullptr));
  const TimePtr date = ToTime(when);
  if (revoked == nullptr || serial == nullptr || date == nullptr ||
      X509_REVOKED_set_serialNumber(revoked.get(), serial.get()) != 1 ||
      X509_REVOKED_set_revocationDate(revoked.get(), date.get()) != 1) {
    return CrlFailed("revoke a certificate");
  }
  if (spec.key_compromise) {
    const EnumeratedPtr reason(ASN1_ENUMERATED_new());
    if (reason == nullptr ||
        ASN1_ENUMERATED_set(reason.get(), kKeyCompromise) != 1 ||
        X509_REVOKED_add1_ext_i2d(revoked.get(), NID_crl_reason, reason.get(),
                                  0, 0) != 1) {
      return CrlFailed("revoke a certificate");
    }
  }
  if (spec.other_issuer) {
    const NamesPtr names(GENERAL_NAMES_new());
    if (names == nullptr ||
        X509_REVOKED_add1_ext_i2d(revoked.get(), NID_certificate_issuer,
                                  names.get(), 1, 0) != 1) {
      return CrlFailed("revoke a certificate");
    }
  }
  if (X509_CRL_add0_revoked(crl, revoked.get()) != 1) {
    return CrlFailed("revoke a certificate");
  }
  (void)revoked.release();  // the CRL's now
  return {};
}

Result<void> AddCrlExtension(X509_CRL* crl, X509V3_CTX* context,
                             const char* name, const std::string& value) {
  const X509ExtensionPtr extension(
      X509V3_EXT_conf(nullptr, context, name, value.c_str()));
  if (extension == nullptr || X509_CRL_add_ext(crl, extension.get(), -1) != 1) {
    return CrlFailed("add an extension to a CRL");
  }
  return {};
}

Result<void> AddCrlExtensions(X509_CRL* crl, const CrlSpec& spec,
                              const Signer& issuer) {
  X509V3_CTX context;
  X509V3_set_ctx(
      &context, spec.authority == nullptr ? issuer.certificate : spec.authority,
      nullptr, nullptr, crl, 0);
  if (spec.number.has_value()) {
    const IntegerPtr number(ASN1_INTEGER_new());
    if (number == nullptr ||
        ASN1_INTEGER_set(number.get(), *spec.number) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, 0) != 1) {
      return CrlFailed("number a CRL");
    }
  }
  if (spec.authority_key_id) {
    RETURN_IF_ERROR(AddCrlExtension(crl, &context, "authorityKeyIdentifier",
                                    "keyid:always"));
  }
  const std::string critical = spec.incomplete_is_critical ? "critical," : "";
  if (spec.delta) {
    RETURN_IF_ERROR(
        AddCrlExtension(crl, &context, "2.5.29.27", critical + "DER:020101"));
  }
  if (spec.distribution_point) {
    RETURN_IF_ERROR(AddCrlExtension(crl, &context, "issuingDistributionPoint",
                                    critical + "indirectCRL:TRUE"));
  }
  if (spec.unknown_critical_extension) {
    RETURN_IF_ERROR(AddCrlExtension(crl, &context, kUnknownExtensionOid,
                                    "critical,DER:0101ff"));
  }
  return {};
}

Result<X509CrlPtr> FillCrl(const CrlSpec& spec, const Signer& issuer) {
  X509CrlPtr crl(X509_CRL_new());
  const TimePtr issued = ToTime(spec.this_update);
  if (crl == nullptr || issued == nullptr ||
      X509_CRL_set_version(crl.get(), spec.version) != 1 ||
      X509_CRL_set1_lastUpdate(crl.get(), issued.get()) != 1) {
    return CrlFailed("make a CRL");
  }
  if (spec.next_update.has_value()) {
    const TimePtr until = ToTime(*spec.next_update);
    if (until == nullptr ||
        X509_CRL_set1_nextUpdate(crl.get(), until.get()) != 1) {
      return CrlFailed("make a CRL");
    }
  }
  RETURN_IF_ERROR(SetIssuer(crl.get(), spec, issuer));
  for (const RevokedSpec& revoked : spec.revoked) {
    RETURN_IF_ERROR(AddRevoked(crl.get(), revoked, spec.this_update));
  }
  RETURN_IF_ERROR(AddCrlExtensions(crl.get(), spec, issuer));
  return crl;
}

}  // namespace

Result<Bytes> MakeCrl(const CrlSpec& spec, const Signer& issuer) {
  ASSIGN_OR_RETURN(const X509CrlPtr crl, FillCrl(spec, issuer));
  if (X509_CRL_sort(crl.get()) != 1 ||
      X509_CRL_sign(crl.get(), issuer.key,
                    spec.sha384 ? EVP_sha384() : EVP_sha256()) == 0) {
    return CrlFailed("sign a CRL");
  }
  const int size = i2d_X509_CRL(crl.get(), nullptr);
  if (size <= 0) {
    return CrlFailed("write a CRL");
  }
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.data();
  if (i2d_X509_CRL(crl.get(), &position) != size) {
    return CrlFailed("write a CRL");
  }
  if (spec.signature_flipped) {
    der.back() ^= 1U;
  }
  der.insert(der.end(), spec.tail.begin(), spec.tail.end());
  return der;
}

Result<Bytes> SerialOf(const X509* certificate) {
  const BignumPtr number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (number == nullptr) {
    return CrlFailed("read a serial number");
  }
  Bytes serial(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), serial.data());
  return serial;
}

}  // namespace tdxvfs::simulator

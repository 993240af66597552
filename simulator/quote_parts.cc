// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_parts.h"

#include <algorithm>
#include <array>

#include "common/openssl_error.h"
#include "common/sha256.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kReportDataInEnclaveReport = 320;

// MRSIGNER of Intel's quoting enclaves for TDX and for SGX.
constexpr attest::ByteArray<32> kTdQeSigner = {
    0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
    0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
    0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};
constexpr attest::ByteArray<32> kQeSigner = {
    0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f,
    0x77, 0xc6, 0x8a, 0x82, 0x9a, 0x00, 0x56, 0xac, 0x8d, 0xed, 0x70,
    0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff};

void Append(Bytes& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendU16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
}

void AppendU32(Bytes& out, std::uint32_t value) {
  AppendU16(out, static_cast<std::uint16_t>(value));
  AppendU16(out, static_cast<std::uint16_t>(value >> 16U));
}

std::uint32_t SizeOf(const Bytes& bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

Result<attest::ByteArray<64>> PublicPoint(EVP_PKEY* key) {
  std::array<std::uint8_t, 65> encoded{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, "encoded-pub-key", encoded.data(),
                                      encoded.size(), &size) != 1 ||
      size != encoded.size() || encoded[0] != 4) {
    return OpensslError(Reason::kInternal, "read a public key");
  }
  attest::ByteArray<64> point{};
  std::copy(encoded.begin() + 1, encoded.end(), point.begin());
  return point;
}

}  // namespace

Bytes QuoteParts::SignedBytes() const {
  Bytes bytes;
  AppendU16(bytes, version);
  AppendU16(bytes, key_type);
  AppendU32(bytes, tee);
  AppendU32(bytes, reserved);
  Append(bytes, qe_vendor_id);
  Append(bytes, user_data);
  if (version == 5) {
    AppendU16(bytes, body_type);
    AppendU32(bytes, body_size.value_or(SizeOf(body)));
  }
  Append(bytes, body);
  return bytes;
}

Bytes QuoteParts::Assemble() const {
  Bytes certification;
  Append(certification, qe_report);
  Append(certification, qe_report_signature);
  AppendU16(certification,
            authentication_size.value_or(
                static_cast<std::uint16_t>(authentication_data.size())));
  Append(certification, authentication_data);
  AppendU16(certification, certification_type);
  AppendU32(certification,
            certification_size.value_or(SizeOf(certification_data)));
  Append(certification, certification_data);

  Bytes section;
  Append(section, signature);
  Append(section, attestation_key);
  if (version != 3) {
    AppendU16(section, outer_type);
    AppendU32(section, outer_size.value_or(SizeOf(certification)));
  }
  Append(section, certification);

  Bytes quote = SignedBytes();
  AppendU32(quote, signature_size.value_or(SizeOf(section)));
  Append(quote, section);
  Append(quote, tail);
  return quote;
}

Result<void> QuoteParts::BindAttestationKey(EVP_PKEY* key) {
  ASSIGN_OR_RETURN(attestation_key, PublicPoint(key));
  Bytes bound(attestation_key.begin(), attestation_key.end());
  Append(bound, authentication_data);
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(bound));
  std::copy(digest.begin(), digest.end(),
            qe_report.begin() + kReportDataInEnclaveReport);
  return {};
}

Result<void> QuoteParts::SignQeReport(EVP_PKEY* pck_key) {
  ASSIGN_OR_RETURN(qe_report_signature, RawSignature(pck_key, qe_report));
  return {};
}

Result<void> QuoteParts::SignBody(EVP_PKEY* attestation_key_pair) {
  ASSIGN_OR_RETURN(signature,
                   RawSignature(attestation_key_pair, SignedBytes()));
  return {};
}

Bytes TdReportBytes(const attest::TdReport& report) {
  Bytes body;
  Append(body, report.tee_tcb_svn);
  Append(body, report.mr_seam);
  Append(body, report.mr_signer_seam);
  Append(body, report.seam_attributes);
  Append(body, report.td_attributes);
  Append(body, report.xfam);
  Append(body, report.mr_td);
  Append(body, report.mr_config_id);
  Append(body, report.mr_owner);
  Append(body, report.mr_owner_config);
  for (const auto& rtmr : report.rtmr) {
    Append(body, rtmr);
  }
  Append(body, report.report_data);
  if (report.tee_tcb_svn2.has_value() && report.mr_service_td.has_value()) {
    Append(body, *report.tee_tcb_svn2);
    Append(body, *report.mr_service_td);
  }
  return body;
}

attest::ByteArray<384> SgxReportBytes(const attest::SgxReport& report) {
  attest::ByteArray<384> bytes{};
  const auto put = [&bytes](std::size_t offset,
                            std::span<const std::uint8_t> field) {
    std::ranges::copy(field, std::span(bytes).subspan(offset).begin());
  };
  const auto put_u16 = [&put](std::size_t offset, std::uint16_t value) {
    Bytes field;
    AppendU16(field, value);
    put(offset, field);
  };
  put(0, report.cpu_svn);
  put(16, report.misc_select);
  put(48, report.attributes);
  put(64, report.mr_enclave);
  put(128, report.mr_signer);
  put_u16(256, report.isv_prod_id);
  put_u16(258, report.isv_svn);
  put(kReportDataInEnclaveReport, report.report_data);
  return bytes;
}

attest::ByteArray<384> QeReport(attest::Tee tee) {
  const bool tdx = tee == attest::Tee::kTdx;
  attest::SgxReport report;
  report.cpu_svn.fill(5);
  // INIT, PROVISION_KEY; XFRM x87, SSE, AVX.
  report.attributes[0] = 0x11;
  report.attributes[8] = 0xe7;
  report.mr_enclave.fill(0xe5);
  report.mr_signer = tdx ? kTdQeSigner : kQeSigner;
  report.isv_prod_id = tdx ? 2 : 1;
  report.isv_svn = 6;
  return SgxReportBytes(report);
}

Result<attest::ByteArray<64>> RawSignature(
    EVP_PKEY* key, std::span<const std::uint8_t> message) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::array<std::uint8_t, 128> der{};
  std::size_t size = der.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) !=
          1 ||
      EVP_DigestSign(context.get(), der.data(), &size, message.data(),
                     message.size()) != 1) {
    return OpensslError(Reason::kInternal, "sign");
  }
  const unsigned char* position = der.data();
  const EcdsaSignaturePtr signature(
      d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(size)));
  attest::ByteArray<64> raw{};
  if (signature == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), 32) != 32 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), &raw[32], 32) != 32) {
    return OpensslError(Reason::kInternal, "take a signature apart");
  }
  return raw;
}

}  // namespace tdxvfs::simulator

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_QUOTE_PARTS_H_
#define TDXVFS_SIMULATOR_QUOTE_PARTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/der_writer.h"

namespace tdxvfs::simulator {

// A quote in pieces, so that each can be made wrong by itself.
struct QuoteParts {
  std::uint16_t version = 4;
  std::uint16_t key_type = 2;
  std::uint32_t tee = 0x81;
  std::uint32_t reserved = 0;  // version 3: SVNs of QE and PCE
  attest::ByteArray<16> qe_vendor_id = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
                                        0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3,
                                        0x95, 0x7f, 0x06, 0x07};
  attest::ByteArray<20> user_data{};
  // Version 5 only.
  std::uint16_t body_type = 3;
  std::optional<std::uint32_t> body_size;  // the true one when not set
  Bytes body;

  attest::ByteArray<64> signature{};
  attest::ByteArray<64> attestation_key{};
  std::uint16_t outer_type = 6;  // versions 4 and 5 only, as its length
  attest::ByteArray<384> qe_report{};
  attest::ByteArray<64> qe_report_signature{};
  Bytes authentication_data;
  std::uint16_t certification_type = 5;
  Bytes certification_data;
  // Lengths as declared; the true ones when not set.
  std::optional<std::uint32_t> signature_size;
  std::optional<std::uint32_t> outer_size;
  std::optional<std::uint16_t> authentication_size;
  std::optional<std::uint32_t> certification_size;
  Bytes tail;

  // Header and body: what the attestation key signs.
  Bytes SignedBytes() const;
  Bytes Assemble() const;

  // Puts this key's public half in and its hash into the QE report data.
  Result<void> BindAttestationKey(EVP_PKEY* key);
  // Signs the QE report, as the provisioning certification enclave does.
  Result<void> SignQeReport(EVP_PKEY* pck_key);
  Result<void> SignBody(EVP_PKEY* attestation_key_pair);
};

// The bytes of a TD report body: 584, or 648 when it has the 1.5 members.
Bytes TdReportBytes(const attest::TdReport& report);

// The bytes of an SGX report body, reserved ones zero.
attest::ByteArray<384> SgxReportBytes(const attest::SgxReport& report);

// A quoting enclave's report as Intel's QE makes it for SGX or TDX quotes,
// report data zero.
attest::ByteArray<384> QeReport(attest::Tee tee);

// r || s, 32 bytes big-endian each, of an ECDSA P-256 signature with SHA-256.
Result<attest::ByteArray<64>> RawSignature(
    EVP_PKEY* key, std::span<const std::uint8_t> message);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_QUOTE_PARTS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_QUOTE_H_
#define TDXVFS_ATTEST_QUOTE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "common/result.h"

namespace tdxvfs::attest {

// The largest quote that is looked at, padding included, in bytes.
inline constexpr std::size_t kMaxQuoteSize = std::size_t{16} * 1024;

template <std::size_t kSize>
using ByteArray = std::array<std::uint8_t, kSize>;

// Intel SGX DCAP ECDSA quote library API, A.3/A.4: what kind of TEE signed.
enum class Tee : std::uint32_t { kSgx = 0x00000000, kTdx = 0x00000081 };

// SGX report body, 384 bytes (Intel SDM volume 3D, REPORT). Also the layout of
// the QE report.
struct SgxReport {
  ByteArray<16> cpu_svn{};
  ByteArray<4> misc_select{};
  ByteArray<16> attributes{};
  ByteArray<32> mr_enclave{};
  ByteArray<32> mr_signer{};
  std::uint16_t isv_prod_id = 0;
  std::uint16_t isv_svn = 0;
  ByteArray<64> report_data{};
};

// TD report 1.0 (584 bytes) or 1.5 (648 bytes), bytes in quote order.
struct TdReport {
  ByteArray<16> tee_tcb_svn{};
  ByteArray<48> mr_seam{};
  ByteArray<48> mr_signer_seam{};
  ByteArray<8> seam_attributes{};
  ByteArray<8> td_attributes{};
  ByteArray<8> xfam{};
  ByteArray<48> mr_td{};
  ByteArray<48> mr_config_id{};
  ByteArray<48> mr_owner{};
  ByteArray<48> mr_owner_config{};
  std::array<ByteArray<48>, 4> rtmr{};
  ByteArray<64> report_data{};
  // Only in a 1.5 body.
  std::optional<ByteArray<16>> tee_tcb_svn2;
  std::optional<ByteArray<48>> mr_service_td;
};

// A parsed quote: version 3 (SGX), 4 or 5 (SGX, TDX 1.0, TDX 1.5). Owns its
// bytes. Parsing is no trust decision: verify/ makes it.
struct Quote {
  std::uint16_t version = 0;
  Tee tee = Tee::kTdx;
  std::uint16_t qe_svn = 0;   // version 3 only, else 0
  std::uint16_t pce_svn = 0;  // version 3 only, else 0
  ByteArray<16> qe_vendor_id{};
  ByteArray<20> user_data{};
  std::variant<SgxReport, TdReport> body;

  // The declared quote without padding; hash and log this.
  std::vector<std::uint8_t> bytes;
  // The first `signed_size` of `bytes` are what the attestation key signed.
  std::size_t signed_size = 0;

  ByteArray<64> signature{};        // r || s
  ByteArray<64> attestation_key{};  // X || Y
  ByteArray<384> qe_report_bytes{};
  SgxReport qe_report{};
  ByteArray<64> qe_report_signature{};
  std::vector<std::uint8_t> qe_authentication_data;
  std::uint16_t certification_type = 0;  // 1 to 5
  std::vector<std::uint8_t> certification_data;

  // The TD report, or nullptr for an SGX quote.
  const TdReport* td_report() const { return std::get_if<TdReport>(&body); }
};

// Reads a quote of at most kMaxQuoteSize bytes. Bytes after the declared end
// must be zero. Fails with kQuoteInvalid, naming the field and the offset.
// Rules: Intel TDX DCAP quoting library API 2.x appendix 3; docs/protocol.md.
Result<Quote> ParseQuote(std::span<const std::uint8_t> bytes);

// Reads a report body of exactly 384 bytes.
SgxReport ParseSgxReport(std::span<const std::uint8_t, 384> bytes);

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_QUOTE_H_

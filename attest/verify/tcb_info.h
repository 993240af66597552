// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_TCB_INFO_H_
#define TDXVFS_ATTEST_VERIFY_TCB_INFO_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "attest/tcb_status.h"
#include "common/result.h"

namespace tdxvfs::verify {

// What every level of every document carries (Intel PCS API v4, TCB info and
// enclave identity).
struct TcbLevelOutcome {
  attest::TcbStatus status = attest::TcbStatus::kRevoked;
  std::chrono::system_clock::time_point date;
  std::vector<std::string> advisory_ids;
};

// A level of a platform: reached when no component is below it.
struct PlatformTcbLevel {
  attest::ByteArray<16> sgx_components{};
  std::uint16_t pce_svn = 0;
  attest::ByteArray<16> tdx_components{};  // zero in an SGX document
  TcbLevelOutcome outcome;
};

// A level of one enclave or module.
struct IsvTcbLevel {
  std::uint16_t isv_svn = 0;
  TcbLevelOutcome outcome;
};

// What the TDX module must be, as `tdxModule` and each of
// `tdxModuleIdentities` say it.
struct TdxModuleExpectation {
  attest::ByteArray<48> mr_signer{};
  attest::ByteArray<8> attributes{};
  attest::ByteArray<8> attributes_mask{};
};

struct TdxModuleIdentity {
  std::uint8_t major_version = 0;  // from the id, "TDX_03"
  TdxModuleExpectation expectation;
  std::vector<IsvTcbLevel> levels;  // by isv_svn, highest first, none twice
};

// A TCB info document, version 2 (SGX) or 3.
struct TcbInfo {
  attest::Tee tee = attest::Tee::kTdx;
  std::uint32_t version = 3;
  std::chrono::system_clock::time_point issue_date;
  std::chrono::system_clock::time_point next_update;
  attest::ByteArray<6> fmspc{};
  attest::ByteArray<2> pce_id{};
  std::uint32_t evaluation_number = 0;
  // Highest first: SGX components, PCESVN, TDX components; none twice.
  std::vector<PlatformTcbLevel> levels;
  // TDX documents only.
  std::optional<TdxModuleExpectation> tdx_module;
  std::vector<TdxModuleIdentity> tdx_module_identities;
};

// Reads the inner object of a TCB info answer: the very bytes that were signed.
// Fails with kQuoteInvalid naming the JSON path.
Result<TcbInfo> ParseTcbInfo(std::string_view json);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_TCB_INFO_H_

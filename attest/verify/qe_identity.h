// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_QE_IDENTITY_H_
#define TDXVFS_ATTEST_VERIFY_QE_IDENTITY_H_

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "attest/verify/tcb_info.h"
#include "common/result.h"

namespace tdxvfs::verify {

// An enclave identity document, version 2, of the quoting enclave for SGX
// ("QE") or TDX ("TD_QE") quotes.
struct QeIdentity {
  attest::Tee tee = attest::Tee::kTdx;
  std::chrono::system_clock::time_point issue_date;
  std::chrono::system_clock::time_point next_update;
  std::uint32_t evaluation_number = 0;
  attest::ByteArray<4> misc_select{};
  attest::ByteArray<4> misc_select_mask{};
  attest::ByteArray<16> attributes{};
  attest::ByteArray<16> attributes_mask{};
  attest::ByteArray<32> mr_signer{};
  std::uint16_t isv_prod_id = 0;
  std::vector<IsvTcbLevel> levels;  // by isv_svn, highest first, none twice
};

// Reads the inner object of an enclave identity answer: the very bytes that
// were signed. Any id but "QE" and "TD_QE" is refused. Fails with kQuoteInvalid
// naming the JSON path.
Result<QeIdentity> ParseQeIdentity(std::string_view json);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_QE_IDENTITY_H_

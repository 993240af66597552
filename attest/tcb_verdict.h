// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_TCB_VERDICT_H_
#define TDXVFS_ATTEST_TCB_VERDICT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "attest/tcb_status.h"

namespace tdxvfs::attest {

// What Intel's collateral says about the platform that made a genuine quote.
// verify/ finds it, policy/ decides whether it will do.
struct TcbVerdict {
  TcbStatus status = TcbStatus::kRevoked;  // all below converged
  TcbStatus platform_status = TcbStatus::kRevoked;
  TcbStatus qe_status = TcbStatus::kRevoked;
  // Only where TEE_TCB_SVN names a TDX module version (svn[1] > 0).
  std::optional<TcbStatus> module_status;
  // Only for a 1.5 body: converged by TEE_TCB_SVN and by TEE_TCB_SVN2.
  std::optional<TcbStatus> launch_status;
  std::optional<TcbStatus> current_status;
  // Earliest date of the levels that counted.
  std::chrono::system_clock::time_point date;
  // Union over those levels, sorted, each once.
  std::vector<std::string> advisory_ids;
  // tcbEvaluationDataNumber of each document.
  std::uint32_t tcb_info_evaluation_number = 0;
  std::uint32_t qe_identity_evaluation_number = 0;
  // Over all documents, CRLs and certificates that were used.
  std::chrono::system_clock::time_point earliest_expiry;
  std::chrono::system_clock::time_point earliest_issue;
  std::chrono::system_clock::time_point latest_issue;
  // Over TCB info, QE identity and PCK CRL alone, for rules about their age:
  // certificates and the root CRL live for years.
  std::chrono::system_clock::time_point earliest_document_issue;
  // From the PCK leaf: which platform it is.
  ByteArray<6> fmspc{};
  ByteArray<16> ppid{};
};

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_TCB_VERDICT_H_

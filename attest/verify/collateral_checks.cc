// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/collateral_checks.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "attest/verify/check_record.h"
#include "attest/verify/collateral_match.h"
#include "attest/verify/qe_identity_check.h"
#include "attest/verify/tcb_evaluation.h"
#include "attest/verify/tdx_module.h"
#include "attest/verify/utc_time.h"

namespace tdxvfs::verify {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

bool CheckCollateralDates(const Collateral& collateral, TimePoint now,
                          CheckRecord& record) {
  attest::Check check =
      Demand("collateral dates", "every document in date at " + UtcText(now),
             "Intel PCS API v4: issueDate and nextUpdate");
  if (auto refusal = collateral.CheckDates(now); refusal.has_value()) {
    return record.FailsByCollateral(std::move(check), std::move(*refusal));
  }
  return record.Holds(std::move(check));
}

bool CheckRevocation(const PckChain& chain, const Collateral& collateral,
                     CheckRecord& record) {
  attest::Check check =
      Demand("revocation", "neither PCK certificate nor PCK CA revoked",
             "Intel SGX PCK certificate and CRL profile specification, 1.4");
  if (auto refusal = collateral.CheckRevocation(chain); refusal.has_value()) {
    return record.FailsByCollateral(std::move(check), std::move(*refusal));
  }
  return record.Holds(std::move(check));
}

bool IdentityIsForThisTee(attest::Tee tee, const QeIdentity& qe_identity,
                          Evaluation& evaluation) {
  if (CheckRecord(evaluation)
          .Take(CheckQeIdentityMatch(tee, qe_identity),
                FailureClass::kQeIdentityMismatch)) {
    return true;
  }
  // The document is to blame, not the quoting enclave.
  evaluation.reason = Reason::kCollateralUnavailable;
  return false;
}

// As collateral.cc names it.
constexpr std::string_view kPckCrl = "PCK CRL";

// Widens the window that the verdict reports by one dated thing.
void Count(TimePoint issued, TimePoint expires, attest::TcbVerdict& tcb) {
  tcb.earliest_expiry = std::min(tcb.earliest_expiry, expires);
  tcb.earliest_issue = std::min(tcb.earliest_issue, issued);
  tcb.latest_issue = std::max(tcb.latest_issue, issued);
}

void FillWindow(const PckChain& chain, const Collateral& collateral,
                attest::TcbVerdict& tcb) {
  tcb.earliest_expiry = TimePoint::max();
  tcb.earliest_issue = TimePoint::max();
  tcb.latest_issue = TimePoint::min();
  for (const Validity& validity : chain.validity) {
    Count(validity.not_before, validity.not_after, tcb);
  }
  for (const DocumentWindow& window : collateral.windows()) {
    Count(window.issued, window.expires, tcb);
  }
  tcb.earliest_document_issue = std::min(collateral.tcb_info().issue_date,
                                         collateral.qe_identity().issue_date);
  for (const DocumentWindow& window : collateral.windows()) {
    if (window.name == kPckCrl) {
      tcb.earliest_document_issue =
          std::min(tcb.earliest_document_issue, window.issued);
    }
  }
}

}  // namespace

bool CheckAgainstCollateral(const PckChain& chain, const Collateral& collateral,
                            TimePoint now, Evaluation& evaluation) {
  CheckRecord record(evaluation);
  const attest::Quote& quote = evaluation.quote;
  const attest::TdReport* report = quote.td_report();
  const TcbInfo& tcb_info = collateral.tcb_info();
  const QeIdentity& qe_identity = collateral.qe_identity();
  // The wrong document is told as such even when it is also out of date.
  const bool holds =
      record.TakeAll(CheckTcbInfoMatch(quote.tee, chain.platform, tcb_info),
                     FailureClass::kTcbInfoMismatch) &&
      IdentityIsForThisTee(quote.tee, qe_identity, evaluation) &&
      CheckCollateralDates(collateral, now, record) &&
      CheckRevocation(chain, collateral, record) &&
      record.TakeAll(CheckQeIdentity(quote.qe_report, qe_identity),
                     FailureClass::kQeIdentityMismatch) &&
      (report == nullptr || record.TakeAll(CheckTdxModule(*report, tcb_info),
                                           FailureClass::kModuleMismatch)) &&
      EvaluateTcb(tcb_info, qe_identity, evaluation);
  if (!holds) {
    return false;
  }
  FillWindow(chain, collateral, *evaluation.tcb);
  evaluation.tcb->fmspc = chain.platform.fmspc;
  evaluation.tcb->ppid = chain.platform.ppid;
  return true;
}

}  // namespace tdxvfs::verify

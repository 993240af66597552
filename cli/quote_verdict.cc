// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_verdict.h"

#include <utility>
#include <variant>

#include "attest/quote.h"
#include "attest/verify/check_record.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

// TDATTRIBUTES bit 0 and ATTRIBUTES bit 1 (SGX) let the host read the memory.
bool IsDebug(const attest::Quote& quote) {
  if (const attest::TdReport* report = quote.td_report()) {
    return (report->td_attributes[0] & 0x01U) != 0;
  }
  const auto* report = std::get_if<attest::SgxReport>(&quote.body);
  return report != nullptr && (report->attributes[0] & 0x02U) != 0;
}

QuoteVerdict Failed(attest::Check check, verify::FailureClass failure,
                    const Error& error) {
  check.actual = error.ToString();
  QuoteVerdict verdict;
  verdict.checks.push_back(std::move(check));
  verdict.failure = error.ToString();
  verdict.failure_class = failure;
  verdict.reason = error.reason();
  verdict.remedy = verify::RemedyOf(failure);
  return verdict;
}

}  // namespace

attest::Check CollateralNotChecked() {
  return verify::Demand("collateral", "", "--collateral none");
}

QuoteVerdict NotJudged(const Error& error) {
  return Failed(verify::Demand("files to judge", "can be read", "command line"),
                verify::FailureClass::kNone, error);
}

Result<QuoteVerdict> JudgeQuote(std::string_view bytes,
                                const verify::Judging& judging) {
  auto quote = attest::ParseQuote(AsBytes(bytes));
  if (!quote.has_value()) {
    if (quote.error().reason() == Reason::kInternal) {
      return std::move(quote).error();
    }
    return Failed(
        verify::Demand("quote format", "a quote of version 3, 4 or 5",
                       "Intel TDX DCAP quoting library API, appendix 3"),
        verify::FailureClass::kFormat, quote.error());
  }
  const bool debug = IsDebug(*quote);
  ASSIGN_OR_RETURN(verify::Evaluation evaluation,
                   verify::VerifyQuote(std::move(quote).value(), judging));
  return QuoteVerdict{.checks = std::move(evaluation.checks),
                      .genuine = evaluation.genuine,
                      .debug = debug,
                      .collateral_checked = judging.collateral != nullptr,
                      .failure = std::move(evaluation.failure),
                      .failure_class = evaluation.failure_class,
                      .reason = evaluation.reason,
                      .tcb = std::move(evaluation.tcb),
                      .tcb_shortfall = std::move(evaluation.tcb_shortfall),
                      .remedy = std::move(evaluation.remedy)};
}

}  // namespace tdxvfs::cli

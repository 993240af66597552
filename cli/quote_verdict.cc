// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_verdict.h"

#include <utility>
#include <variant>

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
  const bool without_collateral = judging.collateral == nullptr;
  auto quote = attest::ParseQuote(AsBytes(bytes));
  if (!quote.has_value()) {
    if (quote.error().reason() == Reason::kInternal) {
      return std::move(quote).error();
    }
    QuoteVerdict verdict =
        Failed(verify::Demand("quote format",
                              "a quote of version 3, 4 or 5, every "
                              "field and length as specified",
                              "Intel TDX DCAP quoting library API, appendix 3"),
               verify::FailureClass::kFormat, quote.error());
    verdict.without_collateral = without_collateral;
    return verdict;
  }
  const bool debug = IsDebug(*quote);
  ASSIGN_OR_RETURN(verify::Evaluation evaluation,
                   verify::VerifyQuote(std::move(quote).value(), judging));
  QuoteVerdict verdict;
  if (const attest::TdReport* report = evaluation.quote.td_report()) {
    verdict.td_report = *report;
  }
  verdict.checks = std::move(evaluation.checks);
  verdict.genuine = evaluation.genuine;
  verdict.debug = debug;
  verdict.without_collateral = without_collateral;
  verdict.failure = std::move(evaluation.failure);
  verdict.failure_class = evaluation.failure_class;
  verdict.reason = evaluation.reason;
  verdict.tcb = std::move(evaluation.tcb);
  verdict.tcb_shortfall = std::move(evaluation.tcb_shortfall);
  verdict.remedy = std::move(evaluation.remedy);
  return verdict;
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_QUOTE_VERDICT_H_
#define TDXVFS_CLI_QUOTE_VERDICT_H_

#include <optional>
#include <string>
#include <string_view>

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/tcb_verdict.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/verify_quote.h"
#include "common/error.h"
#include "common/json_text.h"
#include "common/result.h"

namespace tdxvfs::cli {

// What is said about a file that may be a quote, also when it is none at all.
struct QuoteVerdict {
  attest::Checks checks;
  bool genuine = false;             // and what was asked for besides
  bool debug = false;               // its host can read its memory
  bool without_collateral = false;  // as --collateral none asks
  // Empty and without meaning when genuine.
  std::string failure;
  verify::FailureClass failure_class = verify::FailureClass::kNone;
  Reason reason = Reason::kQuoteInvalid;
  std::optional<attest::TcbVerdict> tcb;
  std::string tcb_shortfall;
  std::string remedy;
  std::optional<attest::TdReport> td_report;  // of a TDX quote
};

// The row for what --collateral none leaves out.
attest::Check CollateralNotChecked();

// Judges the bytes of a file by Intel's rules. Bytes that are no quote are a
// verdict too, since the question was whether they are a genuine one. Fails
// only with kInternal.
Result<QuoteVerdict> JudgeQuote(std::string_view bytes,
                                const verify::Judging& judging);

// The verdict on something that could not be judged, for example because it
// could not be read.
QuoteVerdict NotJudged(const Error& error);

// Adds the members of a verdict to an object, for machines.
void AddVerdict(const QuoteVerdict& verdict, JsonObject& object);

// The verdict for people: a table of every check, a closing sentence and,
// where there is one, the remedy.
std::string VerdictTable(const QuoteVerdict& verdict);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_QUOTE_VERDICT_H_

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/verify_quote.h"

#include <memory>
#include <utility>

#include "attest/verify/check_record.h"
#include "attest/verify/collateral_checks.h"
#include "attest/verify/pck_chain.h"
#include "attest/verify/quote_links.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

// As many as a TDX quote with a 1.5 body makes, so that rows are not moved.
constexpr std::size_t kUsualChecks = 32;

// Asks for the set of the platform that the verified chain names.
Result<std::shared_ptr<const Collateral>> FindCollateral(
    const PckChain& chain, CollateralSource& source, Evaluation& evaluation) {
  const PckPlatform& platform = chain.platform;
  ASSIGN_OR_RETURN(CollateralOutcome outcome,
                   source.Find({.tee = evaluation.quote.tee,
                                .fmspc = platform.fmspc,
                                .platform_ca = platform.platform_ca,
                                .leaf_issuer = chain.ca}));
  attest::Check check =
      Demand("collateral signatures",
             "every document signed under the trust anchor, for FMSPC " +
                 ToHex(platform.fmspc),
             "Intel PCS API v4");
  CheckRecord record(evaluation);
  if (outcome.collateral == nullptr) {
    record.FailsByCollateral(std::move(check), std::move(outcome.refusal));
  } else {
    record.Holds(std::move(check));
  }
  return std::move(outcome.collateral);
}

Result<void> Judge(const Judging& judging, Evaluation& evaluation) {
  // What the quote alone can show comes first, so that a peer that has proved
  // nothing never makes a server look up collateral.
  ASSIGN_OR_RETURN(const std::shared_ptr<const PckChain> chain,
                   CheckQuoteLinks(judging, evaluation));
  if (chain == nullptr) {
    return {};
  }
  if (judging.collateral == nullptr) {
    evaluation.genuine = true;
    return {};
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const Collateral> collateral,
                   FindCollateral(*chain, *judging.collateral, evaluation));
  evaluation.genuine =
      collateral != nullptr &&
      CheckAgainstCollateral(*chain, *collateral, judging.now, evaluation);
  return {};
}

}  // namespace

Result<Evaluation> VerifyQuote(attest::Quote quote, const Judging& judging) {
  Evaluation evaluation;
  evaluation.quote = std::move(quote);
  evaluation.checks.reserve(kUsualChecks);
  RETURN_IF_ERROR(Judge(judging, evaluation).Context("verify quote"));
  return evaluation;
}

}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_EVALUATION_H_
#define TDXVFS_ATTEST_VERIFY_EVALUATION_H_

#include <optional>
#include <string>

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/tcb_verdict.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/pck_platform.h"
#include "common/error.h"

namespace tdxvfs::verify {

// Whether a quote is genuine: made by a quoting enclave on a platform that the
// trust anchor vouches for. It says nothing about whether its measurements are
// wanted (policy/) or it was made for this exchange (report_data.h).
struct Evaluation {
  attest::Quote quote;
  PckPlatform platform;
  // Every check in the order made; the failed one is the last.
  attest::Checks checks;
  bool genuine = false;
  // Why not genuine, in words, as a class and as a reason; empty, kNone and
  // without meaning when genuine.
  std::string failure;
  FailureClass failure_class = FailureClass::kNone;
  Reason reason = Reason::kQuoteInvalid;
  // What collateral says about the platform; nothing when not genuine or when
  // no collateral was asked for.
  std::optional<attest::TcbVerdict> tcb;
  // What keeps the platform from being up to date ("PCE SVN 11 is below 13");
  // empty when nothing does.
  std::string tcb_shortfall;
  // What an operator can do about a refusal or a status that is not UpToDate;
  // empty when there is nothing to do.
  std::string remedy;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_EVALUATION_H_

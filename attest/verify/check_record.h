// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CHECK_RECORD_H_
#define TDXVFS_ATTEST_VERIFY_CHECK_RECORD_H_

#include <string>
#include <string_view>

#include "attest/check.h"
#include "attest/verify/evaluation.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/pck_chain.h"
#include "common/result.h"

namespace tdxvfs::verify {

// A check that is about to be made.
attest::Check Demand(std::string_view name, std::string_view expected,
                     std::string_view source);

// Writes the checks of one evaluation in the order made. Each function tells
// whether to go on: the first check that does not hold is the last, and is what
// the evaluation says about the failure.
class CheckRecord {
 public:
  explicit CheckRecord(Evaluation& evaluation) : evaluation_(evaluation) {}

  // A check that holds; what was found is what was expected unless it says.
  bool Holds(attest::Check check);
  // A check that does not, and why in words.
  bool Fails(attest::Check check, FailureClass failure, std::string why);
  // The same for something that collateral is to blame for, not the quote.
  bool FailsByCollateral(attest::Check check, ChainRefusal refusal);
  // By `check.passed`.
  bool Take(attest::Check check, FailureClass failure);
  bool TakeAll(attest::Checks checks, FailureClass failure);
  // From a step's result; kInternal goes up instead.
  Result<bool> Judge(attest::Check check, FailureClass failure,
                     const Result<void>& result);

 private:
  Evaluation& evaluation_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CHECK_RECORD_H_

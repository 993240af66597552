// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/check_record.h"

#include <utility>

namespace tdxvfs::verify {

attest::Check Demand(std::string_view name, std::string_view expected,
                     std::string_view source) {
  // Texts made at once: assigning to an empty one costs twice as much.
  return {.name = std::string(name),
          .expected = std::string(expected),
          .actual = {},
          .passed = false,
          .source = source};
}

bool CheckRecord::Holds(attest::Check check) {
  check.passed = true;
  if (check.actual.empty()) {
    check.actual = check.expected;
  }
  evaluation_.checks.push_back(std::move(check));
  return true;
}

bool CheckRecord::Fails(attest::Check check, FailureClass failure,
                        std::string why) {
  check.passed = false;
  if (check.actual.empty()) {
    check.actual = why;
  }
  evaluation_.failure_class = failure;
  evaluation_.failure = check.name + ": " + std::move(why);
  evaluation_.reason = ReasonOf(failure);
  evaluation_.remedy = RemedyOf(failure);
  evaluation_.checks.push_back(std::move(check));
  return false;
}

bool CheckRecord::FailsByCollateral(attest::Check check, ChainRefusal refusal) {
  const FailureClass failure = refusal.failure;
  Fails(std::move(check), failure, std::move(refusal.why));
  if (failure == FailureClass::kExpired ||
      failure == FailureClass::kNotYetValid) {
    evaluation_.reason = Reason::kCollateralUnavailable;
    evaluation_.remedy =
        "fetch the collateral anew, or judge the quote at a time when it was "
        "in date";
  }
  return false;
}

bool CheckRecord::Take(attest::Check check, FailureClass failure) {
  if (check.passed) {
    return Holds(std::move(check));
  }
  std::string why = "expected " + check.expected + ", found " + check.actual;
  return Fails(std::move(check), failure, std::move(why));
}

bool CheckRecord::TakeAll(attest::Checks checks, FailureClass failure) {
  for (attest::Check& check : checks) {
    if (!Take(std::move(check), failure)) {
      return false;
    }
  }
  return true;
}

Result<bool> CheckRecord::Judge(attest::Check check, FailureClass failure,
                                const Result<void>& result) {
  if (result.has_value()) {
    return Holds(std::move(check));
  }
  if (result.error().reason() == Reason::kInternal) {
    return result.error();
  }
  return Fails(std::move(check), failure, result.error().ToString());
}

}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_EVALUATION_NUMBERS_SPEC_H_
#define TDXVFS_SIMULATOR_EVALUATION_NUMBERS_SPEC_H_

#include <chrono>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/signed_json.h"

namespace tdxvfs::simulator {

// Which tcbEvaluationDataNumbers a service has (Intel PCS API v4).
struct EvaluationNumbersSpec {
  attest::Tee tee = attest::Tee::kTdx;
  std::chrono::system_clock::time_point issue_date;
  std::chrono::system_clock::time_point next_update;
  std::vector<unsigned> numbers;  // highest first
  SigningSpec signing;
};

// `{"tcbEvaluationDataNumbers":{...},"signature":"..."}`.
Result<std::string> MakeEvaluationNumbers(const EvaluationNumbersSpec& spec,
                                          EVP_PKEY* key);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_EVALUATION_NUMBERS_SPEC_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_DECISION_ADVICE_H_
#define TDXVFS_CLI_DECISION_ADVICE_H_

#include <string>
#include <vector>

#include "attest/check.h"
#include "cli/json_leaves.h"

namespace tdxvfs::cli {

// What a decision on record comes to, for people.
struct DecisionAdvice {
  std::string sentence;
  std::string remedy;  // empty: nothing needs to be done
};

// By the record's kind, reason, outcome and what was recorded as remedy, and by
// the first check that does not hold.
DecisionAdvice AdviceFor(const std::vector<JsonLeaf>& record,
                         const attest::Checks& checks);

// "released", "refused: REASON", or that a release was recorded and not sent.
std::string DecisionText(const std::vector<JsonLeaf>& record);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_DECISION_ADVICE_H_

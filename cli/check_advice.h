// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_CHECK_ADVICE_H_
#define TDXVFS_CLI_CHECK_ADVICE_H_

#include <string_view>

#include "attest/check.h"

namespace tdxvfs::cli {

// What a check is about and what to do when it does not hold, for people who
// never read Intel's documents.
struct CheckAdvice {
  std::string_view about;
  std::string_view to_do;
};

// By the name that stands in records ("rtmr1", "td_attributes DEBUG"). A check
// that has no row of its own is part of the proof that the quote is genuine;
// the record's own remedy says what to do about it, so `to_do` is empty.
CheckAdvice AdviceFor(std::string_view check);

// The same with an eye to what was found: a platform that is up to date, and
// one that no update mends, are no matter for an update.
CheckAdvice AdviceFor(const attest::Check& check);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_CHECK_ADVICE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_RESULT_MATCHERS_H_
#define TDXVFS_TESTS_SUPPORT_RESULT_MATCHERS_H_

#include <cstdlib>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/result.h"

namespace tdxvfs::testing {

// EXPECT_THAT(result, Fails(Reason::kQuoteInvalid));
MATCHER_P(Fails, reason,
          std::string("fails with ") + std::string(InfoOf(reason).slug)) {
  if (arg.has_value()) {
    *result_listener << "which succeeded";
    return false;
  }
  *result_listener << "which failed with " << InfoOf(arg.error().reason()).slug
                   << ": " << arg.error().ToString();
  return arg.error().reason() == reason;
}

// EXPECT_THAT(result, Succeeds());
MATCHER(Succeeds, "succeeds") {
  if (arg.has_value()) {
    return true;
  }
  *result_listener << "which failed with " << InfoOf(arg.error().reason()).slug
                   << ": " << arg.error().ToString();
  return false;
}

// The value of what a rig cannot go on without.
template <typename T>
T Checked(Result<T> result) {
  if (!result.has_value()) {
    ADD_FAILURE() << result.error().ToString();
    std::abort();
  }
  return std::move(result).value();
}

}  // namespace tdxvfs::testing

// ASSERT_OK_AND_ASSIGN(const Quote quote, ParseQuote(bytes));
#define ASSERT_OK_AND_ASSIGN(declaration, expression)          \
  auto TDXVFS_CONCAT(tdxvfs_result_, __LINE__) = (expression); \
  ASSERT_THAT(TDXVFS_CONCAT(tdxvfs_result_, __LINE__),         \
              ::tdxvfs::testing::Succeeds());                  \
  declaration = std::move(TDXVFS_CONCAT(tdxvfs_result_, __LINE__)).value()

#endif  // TDXVFS_TESTS_SUPPORT_RESULT_MATCHERS_H_

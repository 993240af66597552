// SPDX-License-Identifier: Apache-2.0
#include "common/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

Result<int> Half(int number) {
  if (number % 2 != 0) {
    return Error(Reason::kUsage, std::to_string(number) + " is odd");
  }
  return number / 2;
}

Result<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  return Half(half);
}

Result<void> CheckQuarter(int number) {
  RETURN_IF_ERROR(Quarter(number).Context("quarter"));
  return {};
}

TEST(Result, CarriesAValueOrAnError) {
  EXPECT_EQ(Half(4).value(), 2);
  EXPECT_THAT(Half(3), Fails(Reason::kUsage));
  EXPECT_EQ(Half(3).error().message(), "3 is odd");
}

TEST(Result, MacrosHandTheErrorUp) {
  EXPECT_THAT(CheckQuarter(8), Succeeds());
  const auto failed = CheckQuarter(6);
  EXPECT_THAT(failed, Fails(Reason::kUsage));
  EXPECT_EQ(failed.error().ToString(), "quarter: 3 is odd");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> moved = std::move(result).value();
  EXPECT_EQ(*moved, 7);
}

TEST(Result, KnowsWhereAnErrorWasBorn) {
  const Error error(Reason::kInternal, "x");
  EXPECT_NE(std::string(error.file()).find("result_test.cc"),
            std::string::npos);
  EXPECT_EQ(error.line(), __LINE__ - 3);
}

TEST(ResultDeathTest, ReadingTheOtherHalfEndsTheProgram) {
  EXPECT_DEATH((void)Half(3).value(), "");
  EXPECT_DEATH((void)Half(4).error(), "");
  EXPECT_DEATH((void)CheckQuarter(8).error(), "");
}

TEST(Error, KeepsAuditIdAndRetryAfter) {
  const Error error = Error(Reason::kRefusedByPolicy, "refused")
                          .WithAuditId("7f3c-91")
                          .WithRetryAfter(30);
  EXPECT_EQ(error.audit_id(), "7f3c-91");
  EXPECT_EQ(error.retry_after_seconds(), 30U);
}

TEST(Error, OfASystemCallSaysTheSystemsWords) {
  EXPECT_EQ(SystemError(Reason::kIoError, "read 'x'", 5).ToString(),
            "read 'x': Input/output error");
}

}  // namespace
}  // namespace tdxvfs

// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <vector>

#include "agent/retry_loop.h"
#include "agent/retry_plan.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fails;
using ::testing::HasSubstr;
using testing::Succeeds;

constexpr seconds kForEver{0};

RetryPlan Plan(seconds max_wait, double random) {
  return {max_wait, seconds(600), [random] { return random; }};
}

Error Unreachable() { return {Reason::kServerUnreachable, "no"}; }

TEST(RetryPlan, NeverMeansNever) {
  for (const Reason reason :
       {Reason::kServerIdentity, Reason::kGrantInvalid, Reason::kGrantMismatch,
        Reason::kHeaderMismatch, Reason::kConfigInvalid,
        Reason::kQuoteDeviceMissing, Reason::kPassphraseWrong}) {
    EXPECT_EQ(Plan(kForEver, 0.5).Next(Error(reason, "x"), {}), std::nullopt);
  }
}

TEST(RetryPlan, NowDoublesItsBoundFromOneSecondToOneMinute) {
  RetryPlan plan = Plan(kForEver, 1.0);
  for (const int bound : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    EXPECT_EQ(plan.Next(Unreachable(), {}), seconds(bound));
  }
}

TEST(RetryPlan, JitterIsFull) {
  EXPECT_EQ(Plan(kForEver, 0.0).Next(Unreachable(), {}), milliseconds(0));
  EXPECT_EQ(Plan(kForEver, 0.25).Next(Unreachable(), {}), milliseconds(250));
}

TEST(RetryPlan, SlowlyKeepsToTheConfiguredTimeWithJitter) {
  const Error refused(Reason::kRefusedByPolicy, "x");
  EXPECT_EQ(Plan(kForEver, 0.0).Next(refused, {}), seconds(480));
  EXPECT_EQ(Plan(kForEver, 0.5).Next(refused, {}), seconds(600));
  EXPECT_EQ(Plan(kForEver, 1.0).Next(refused, {}), seconds(720));
}

TEST(RetryPlan, TheServerMaySayWhenToComeBackButNotForEver) {
  EXPECT_EQ(Plan(kForEver, 0.0).Next(Unreachable().WithRetryAfter(30), {}),
            seconds(30));
  EXPECT_EQ(
      Plan(kForEver, 0.0).Next(Unreachable().WithRetryAfter(0xffffffff), {}),
      seconds(3600));
}

TEST(RetryPlan, EndsAtMaxWait) {
  RetryPlan plan = Plan(seconds(10), 0.5);
  const Error refused(Reason::kRefusedByPolicy, "x");
  EXPECT_EQ(plan.Next(refused, seconds(4)), seconds(6));
  EXPECT_EQ(plan.Next(refused, seconds(10)), std::nullopt);
}

TEST(RandomFraction, StaysInItsRange) {
  for (int i = 0; i < 1000; ++i) {
    const double fraction = RandomFraction();
    EXPECT_GE(fraction, 0.0);
    EXPECT_LT(fraction, 1.0);
  }
}

class UnlockAndRetryTest : public ::testing::Test {
 protected:
  Result<Unlocked> Run() {
    return UnlockAndRetry(
        "demo", Plan(kForEver, 0.5),
        {.attempt =
             [this] {
               Result<Unlocked> next = std::move(results_.front());
               results_.pop_front();
               return next;
             },
         .sleep =
             [this](milliseconds delay) {
               slept_.push_back(delay);
               return !stopped_;
             },
         .notify = [this](const std::string& text) { told_.push_back(text); }});
  }
  std::deque<Result<Unlocked>> results_;
  std::vector<milliseconds> slept_;
  std::vector<std::string> told_;
  bool stopped_ = false;
};

TEST_F(UnlockAndRetryTest, GoesOnUntilItSucceeds) {
  results_.emplace_back(Unreachable());
  results_.emplace_back(
      Error(Reason::kRefusedByPolicy, "no").WithAuditId("7f3c-91"));
  results_.emplace_back(Unlocked());
  EXPECT_THAT(Run(), Succeeds());
  EXPECT_THAT(slept_, ::testing::ElementsAre(milliseconds(500), seconds(600)));
}

TEST_F(UnlockAndRetryTest, TellsSystemdAttemptReasonAndNextTry) {
  results_.emplace_back(
      Error(Reason::kRefusedByPolicy, "no").WithAuditId("7f3c-91"));
  results_.emplace_back(Unlocked());
  EXPECT_THAT(Run(), Succeeds());
  ASSERT_GE(told_.size(), 2U);
  EXPECT_THAT(told_[1], HasSubstr("STATUS=attempt 1 failed: "
                                  "refused-by-policy, audit id 7f3c-91; next "
                                  "try in 10 min 0 s"));
}

TEST_F(UnlockAndRetryTest, EndsAtOnceOnAReasonThatNeverPasses) {
  results_.emplace_back(Error(Reason::kServerIdentity, "who"));
  EXPECT_THAT(Run(), Fails(Reason::kServerIdentity));
  EXPECT_TRUE(slept_.empty());
}

TEST_F(UnlockAndRetryTest, EndsWhenAStopCutsTheSleepShort) {
  stopped_ = true;
  results_.emplace_back(Unreachable());
  EXPECT_THAT(Run(), Fails(Reason::kStopped));
}

}  // namespace
}  // namespace tdxvfs::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/refusal_wire.h"

#include <gtest/gtest.h>

#include "tests/fakes/lying_key_service.h"

namespace tdxvfs::agent {
namespace {

using grpc::StatusCode;
using testing::RefusalStatus;

TEST(ErrorFromStatus, TakesReasonAuditIdAndTimeOutOfTheRefusal) {
  const Error error = ErrorFromStatus(RefusalStatus(
      StatusCode::PERMISSION_DENIED, "refused-by-policy", "7f3c-91", 17));
  EXPECT_EQ(error.reason(), Reason::kRefusedByPolicy);
  EXPECT_EQ(error.audit_id(), "7f3c-91");
  EXPECT_EQ(error.retry_after_seconds(), 17U);
}

TEST(ErrorFromStatus, KnowsEverySlugThatAServerCanMean) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonInfo& info = InfoOf(static_cast<Reason>(i));
    const Error error = ErrorFromStatus(
        RefusalStatus(StatusCode::UNAVAILABLE, std::string(info.slug)));
    const bool servers = info.exit_code == 4 || info.exit_code == 5 ||
                         info.reason == Reason::kInternal;
    EXPECT_EQ(error.reason(),
              servers ? info.reason : Reason::kServerUnreachable)
        << info.slug;
  }
}

TEST(ErrorFromStatus, FallsBackToTheCodeForAnUnknownSlug) {
  const auto reason = [](StatusCode code) {
    return ErrorFromStatus(RefusalStatus(code, "from-the-future")).reason();
  };
  EXPECT_EQ(reason(StatusCode::PERMISSION_DENIED), Reason::kRefusedByPolicy);
  EXPECT_EQ(reason(StatusCode::RESOURCE_EXHAUSTED), Reason::kServerOverloaded);
  EXPECT_EQ(reason(StatusCode::UNAVAILABLE), Reason::kServerUnreachable);
  EXPECT_EQ(reason(StatusCode::INVALID_ARGUMENT), Reason::kRequestInvalid);
  EXPECT_EQ(reason(StatusCode::INTERNAL), Reason::kInternal);
  EXPECT_EQ(reason(StatusCode::UNIMPLEMENTED), Reason::kServerMisbehaved);
}

TEST(ErrorFromStatus, JunkInTheDetailsChangesNothing) {
  const Error error = ErrorFromStatus(
      {StatusCode::PERMISSION_DENIED, "no", std::string(500, '\xee')});
  EXPECT_EQ(error.reason(), Reason::kRefusedByPolicy);
  EXPECT_EQ(error.audit_id(), "");
}

TEST(ErrorFromStatus, AnAuditIdThatIsNoIdIsNotRepeated) {
  for (const std::string& id :
       {std::string("\x1b[31m"), std::string(100, 'a'), std::string("a\nb")}) {
    EXPECT_EQ(ErrorFromStatus(RefusalStatus(StatusCode::PERMISSION_DENIED,
                                            "refused-by-policy", id))
                  .audit_id(),
              "");
  }
}

}  // namespace
}  // namespace tdxvfs::agent

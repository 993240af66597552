// SPDX-License-Identifier: Apache-2.0
#include "cli/client_certificate.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/test_authority.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::CertificateWish;
using testing::Fails;
using ::testing::HasSubstr;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TestAuthority;

class ClientCertificateTest : public ::testing::Test {
 protected:
  static Result<void> Check(const std::string& certificate_pem,
                            std::string key_pem) {
    const Secret key = Secret::TakeFrom(key_pem).value();
    return CheckClientCertificate(
        {.ca = "/ca.pem", .certificate = "/carol.pem", .key = "/carol.key"},
        certificate_pem, key, std::chrono::system_clock::now());
  }
  ServerCertificate IssuedWith(long not_before, long not_after) const {
    CertificateWish wish;
    wish.not_before = not_before;
    wish.not_after = not_after;
    return authority_.Issue(wish);
  }

  const TestAuthority authority_;
};

TEST_F(ClientCertificateTest, IsTakenWhileItIsInDateAndItsKeyIsAtHand) {
  const ServerCertificate issued = authority_.Issue();
  EXPECT_THAT(Check(issued.certificate_pem, issued.key_pem), Succeeds());
}

TEST_F(ClientCertificateTest, SaysThatItIsOutOfDate) {
  const ServerCertificate past = IssuedWith(-3600, -60);
  const auto over = Check(past.certificate_pem, past.key_pem);
  ASSERT_THAT(over, Fails(Reason::kPermission));
  EXPECT_THAT(over.error().ToString(),
              HasSubstr("client certificate '/carol.pem' ran out on "));
  const ServerCertificate coming = IssuedWith(60, 3600);
  const auto early = Check(coming.certificate_pem, coming.key_pem);
  ASSERT_THAT(early, Fails(Reason::kPermission));
  EXPECT_THAT(early.error().ToString(), HasSubstr("is not valid before "));
}

TEST_F(ClientCertificateTest, NamesAKeyThatIsAnothersOrNone) {
  const ServerCertificate issued = authority_.Issue();
  const auto foreign =
      Check(issued.certificate_pem, authority_.Issue().key_pem);
  ASSERT_THAT(foreign, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(foreign.error().ToString(),
              HasSubstr("the key '/carol.key' does not belong to it"));
  const auto none = Check(issued.certificate_pem, "nonsense");
  ASSERT_THAT(none, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(none.error().ToString(), HasSubstr("key '/carol.key'"));
  EXPECT_THAT(Check("nonsense", issued.key_pem), Fails(Reason::kConfigInvalid));
}

}  // namespace
}  // namespace tdxvfs::cli

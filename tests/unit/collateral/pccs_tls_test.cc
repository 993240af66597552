// SPDX-License-Identifier: Apache-2.0
// The client against the pretend caching service, over TLS.
#include <gtest/gtest.h>

#include "collateral/pcs_client.h"
#include "collateral/vetting.h"
#include "common/file.h"
#include "common/hex.h"
#include "simulator/pccs_server.h"
#include "tests/fakes/test_authority.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

class PccsOverTls : public ::testing::Test {
 protected:
  PccsOverTls() {
    const testing::ServerCertificate identity = authority_.Issue();
    simulator::PccsOptions options;
    options.tls_certificate = identity.certificate_pem;
    options.tls_key = identity.key_pem;
    auto started =
        simulator::PccsServer::Start(testing::GoodPki(), {}, options);
    EXPECT_THAT(started, Succeeds());
    if (started.has_value()) {
      server_ = std::make_unique<simulator::PccsServer>(*std::move(started));
    }
  }

  Result<verify::CollateralDocuments> FetchWith(const std::string& ca_pem) {
    PcsClient::Options options;
    options.pccs_url = server_->url();
    if (!ca_pem.empty()) {
      options.ca_file = folder_.path() / "ca.pem";
      EXPECT_THAT(ReplaceFile(options.ca_file, AsBytes(ca_pem), 0644),
                  Succeeds());
    }
    ASSIGN_OR_RETURN(const auto client, PcsClient::Open(options));
    return client->Fetch(kName, {});
  }

  const SetName kName{.tee = attest::Tee::kTdx,
                      .fmspc = simulator::Platform{}.fmspc};
  testing::TemporaryFolder folder_;
  testing::TestAuthority authority_;
  std::unique_ptr<simulator::PccsServer> server_;
};

TEST_F(PccsOverTls, GivesASetThatVerifies) {
  ASSERT_OK_AND_ASSIGN(const auto documents,
                       FetchWith(authority_.certificate_pem()));
  EXPECT_THAT(VetSet({.name = kName, .documents = documents},
                     testing::GoodAnchor(), std::chrono::system_clock::now()),
              Succeeds());
}

TEST_F(PccsOverTls, IsNotBelievedByTheSystemsAuthorities) {
  EXPECT_THAT(FetchWith(""), Fails(Reason::kCollateralUnreachable));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(PccsOverTls, IsNotBelievedByAnotherPrivateAuthority) {
  EXPECT_THAT(FetchWith(testing::TestAuthority().certificate_pem()),
              Fails(Reason::kCollateralUnreachable));
  EXPECT_TRUE(server_->requests().empty());
}

// A renewed authority takes no restart.
TEST_F(PccsOverTls, IsBelievedOnceItsAuthorityIsInTheFile) {
  PcsClient::Options options;
  options.pccs_url = server_->url();
  options.ca_file = folder_.path() / "ca.pem";
  const auto put = [&](const testing::TestAuthority& authority) {
    EXPECT_THAT(ReplaceFile(options.ca_file,
                            AsBytes(authority.certificate_pem()), 0644),
                Succeeds());
  };
  put(testing::TestAuthority());
  ASSERT_OK_AND_ASSIGN(const auto client, PcsClient::Open(options));
  EXPECT_THAT(client->Fetch(kName, {}), Fails(Reason::kCollateralUnreachable));
  put(authority_);
  EXPECT_THAT(client->Fetch(kName, {}), Succeeds());
}

TEST_F(PccsOverTls, GivesSgxAndEarlySetsToo) {
  PcsClient::Options options;
  options.pccs_url = server_->url();
  options.ca_file = folder_.path() / "ca.pem";
  ASSERT_THAT(
      ReplaceFile(options.ca_file, AsBytes(authority_.certificate_pem()), 0644),
      Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto client, PcsClient::Open(options));
  SetName name = kName;
  name.tee = attest::Tee::kSgx;
  name.update = Update::kEarly;
  ASSERT_OK_AND_ASSIGN(const auto documents, client->Fetch(name, {}));
  EXPECT_THAT(VetSet({.name = name, .documents = documents},
                     testing::GoodAnchor(), std::chrono::system_clock::now()),
              Succeeds());
}

}  // namespace
}  // namespace tdxvfs::collateral

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/client_authority.h"

#include <chrono>
#include <string>
#include <vector>

#include "common/file.h"
#include "common/hex.h"
#include "keyserver/admin/admin_access.h"
#include "keyserver/admin/administrator.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/test_authority.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using testing::CertificateWish;
using testing::Fails;
using testing::FakeClock;
using ::testing::HasSubstr;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TestAuthority;

std::chrono::system_clock::time_point Now() {
  return std::chrono::system_clock::now();
}

CertificateWish ClientWish(const std::string& names) {
  return {.names = names,
          .extended_key_usage = "clientAuth",
          .common_name = "alice"};
}

class ClientAuthorityTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    EXPECT_THAT(ReplaceFile(path, AsBytes(content), 0600), Succeeds());
    return path.string();
  }
  static Result<ClientAuthority> LoadFiles(const std::string& ca,
                                           const std::string& crl) {
    return ClientAuthority::Load({ca, "admin.ca"}, {crl, "admin.crl"});
  }
  ClientAuthority Load(const std::string& crl = "") {
    return LoadFiles(Write("ca.pem", authority_.certificate_pem()),
                     crl.empty() ? "" : Write("crl.pem", crl))
        .value();
  }
  std::string Issue(const std::string& names) {
    return authority_.Issue(ClientWish(names)).certificate_pem;
  }

  TemporaryFolder folder_;
  const TestAuthority authority_;
};

TEST_F(ClientAuthorityTest, ReadsRolesOfACertificate) {
  ASSERT_OK_AND_ASSIGN(const Administrator alice,
                       Load().Admit(Issue("URI:tdxvfs-role:auditor,"
                                          "URI:tdxvfs-role:volume-admin:resnet,"
                                          "URI:tdxvfs-role:volume-admin:bert,"
                                          "DNS:alice.example"),
                                    Now()));
  EXPECT_THAT(alice.name, HasSubstr("CN=alice, serial "));
  EXPECT_FALSE(alice.admin);
  EXPECT_TRUE(alice.auditor);
  EXPECT_TRUE(alice.Administers("resnet"));
  EXPECT_TRUE(alice.Administers("bert"));
  EXPECT_FALSE(alice.Administers("other"));
  EXPECT_FALSE(alice.Administers(""));
}

TEST_F(ClientAuthorityTest, RefusesCertificatesWithoutAKnownRole) {
  const ClientAuthority authority = Load();
  for (const char* const names :
       {"DNS:alice.example", "URI:tdxvfs-role:root", "URI:tdxvfs-role:",
        "URI:tdxvfs-role:volume-admin:", "URI:tdxvfs-role:volume-admin:../x",
        "URI:tdxvfs-role:Admin", "URI:https://example.org/tdxvfs-role:admin",
        "URI:tdxvfs-role:admin,URI:tdxvfs-role:admiral"}) {
    EXPECT_THAT(authority.Admit(Issue(names), Now()),
                Fails(Reason::kPermission))
        << names;
  }
}

TEST_F(ClientAuthorityTest, RefusesForeignExpiredEarlyAndServerCertificates) {
  const ClientAuthority authority = Load();
  const std::string admin = "URI:tdxvfs-role:admin";
  const TestAuthority foreign;
  CertificateWish expired = ClientWish(admin);
  expired.not_after = -1;
  CertificateWish early = ClientWish(admin);
  early.not_before = 600;
  CertificateWish server = ClientWish(admin);
  server.extended_key_usage = "serverAuth";
  for (const std::string& pem :
       {foreign.Issue(ClientWish(admin)).certificate_pem,
        authority_.Issue(expired).certificate_pem,
        authority_.Issue(early).certificate_pem,
        authority_.Issue(server).certificate_pem, std::string("no PEM"),
        std::string()}) {
    EXPECT_THAT(authority.Admit(pem, Now()), Fails(Reason::kPermission));
  }
  EXPECT_THAT(authority.Admit(Issue(admin), Now()), Succeeds());
  // By the server's clock, on a connection that is open for long, too.
  EXPECT_THAT(authority.Admit(Issue(admin), Now() + std::chrono::years(20)),
              Fails(Reason::kPermission));
}

TEST_F(ClientAuthorityTest, NobodyAsksForHealthWithoutACertificateThatHolds) {
  FakeClock clock;
  const std::string path = "/grpc.health.v1.Health/Check";
  const std::string pem = Issue("URI:tdxvfs-role:auditor");
  const AdminAccess access(Load(), &clock);
  EXPECT_THAT(access.CheckCall(path, pem), Succeeds());
  EXPECT_THAT(access.CheckCall(path, ""), Fails(Reason::kPermission));
  clock.JumpTo(Now() + std::chrono::years(20));
  EXPECT_THAT(access.CheckCall(path, pem), Fails(Reason::kPermission));
}

TEST_F(ClientAuthorityTest, RefusesRevokedCertificatesAndListsOutOfDate) {
  const std::string alice = Issue("URI:tdxvfs-role:admin");
  const std::string bob = Issue("URI:tdxvfs-role:admin");
  const ClientAuthority revoked = Load(authority_.RevocationList({alice}));
  const auto refused = revoked.Admit(alice, Now());
  ASSERT_THAT(refused, Fails(Reason::kPermission));
  EXPECT_THAT(refused.error().ToString(), HasSubstr("revoked"));
  EXPECT_THAT(revoked.Admit(bob, Now()), Succeeds());
  const ClientAuthority old = Load(authority_.RevocationList({}, -60));
  EXPECT_THAT(old.Admit(bob, Now()), Fails(Reason::kPermission));
  EXPECT_THAT(old.CheckListDates(Now()), Fails(Reason::kConfigInvalid));
  EXPECT_THAT(revoked.CheckListDates(Now()), Succeeds());
  EXPECT_THAT(revoked.CheckListDates(Now() - std::chrono::hours(48)),
              Fails(Reason::kConfigInvalid));
  EXPECT_THAT(Load().CheckListDates(Now()), Succeeds());
}

TEST_F(ClientAuthorityTest, RefusesAListOfAnotherAuthority) {
  const TestAuthority foreign;
  const std::string ca = Write("ca.pem", authority_.certificate_pem());
  // The same names, another key.
  for (const std::string& lists :
       {foreign.RevocationList({}),
        authority_.RevocationList({}) + foreign.RevocationList({})}) {
    EXPECT_THAT(LoadFiles(ca, Write("crl.pem", lists)),
                Fails(Reason::kConfigInvalid));
  }
}

// An authority further up, or one that was taken out of admin.ca.
TEST_F(ClientAuthorityTest, LeavesListsOfOthersAside) {
  const TestAuthority other("another authority");
  const std::string alice = Issue("URI:tdxvfs-role:admin");
  const ClientAuthority both =
      Load(other.RevocationList({}, -60) + authority_.RevocationList({alice}));
  EXPECT_THAT(both.CheckListDates(Now()), Succeeds());
  EXPECT_THAT(both.Admit(alice, Now()), Fails(Reason::kPermission));
  EXPECT_THAT(both.Admit(Issue("URI:tdxvfs-role:admin"), Now()), Succeeds());
  const std::string ca = Write("ca.pem", authority_.certificate_pem());
  EXPECT_THAT(LoadFiles(ca, Write("crl.pem", other.RevocationList({}))),
              Fails(Reason::kConfigInvalid));
}

TEST_F(ClientAuthorityTest, SaysThatAnAuthorityHasNoList) {
  const TestAuthority other("another authority");
  ASSERT_OK_AND_ASSIGN(
      const ClientAuthority both,
      LoadFiles(Write("ca.pem",
                      authority_.certificate_pem() + other.certificate_pem()),
                Write("crl.pem", authority_.RevocationList({}))));
  const std::string admin = "URI:tdxvfs-role:admin";
  EXPECT_THAT(both.Admit(Issue(admin), Now()), Succeeds());
  const auto refused =
      both.Admit(other.Issue(ClientWish(admin)).certificate_pem, Now());
  ASSERT_THAT(refused, Fails(Reason::kPermission));
  EXPECT_THAT(refused.error().ToString(),
              HasSubstr("admin.crl has no revocation list of its issuer"));
}

TEST_F(ClientAuthorityTest, SaysWhichFileItCannotRead) {
  const std::string ca = Write("ca.pem", authority_.certificate_pem());
  EXPECT_THAT(LoadFiles(Write("bad.pem", "nonsense"), ""),
              Fails(Reason::kConfigInvalid));
  EXPECT_THAT(LoadFiles(ca, Write("bad.crl", "nonsense")),
              Fails(Reason::kConfigInvalid));
  EXPECT_THAT(LoadFiles(ca, "/nonexistent/crl.pem"),
              Fails(Reason::kConfigMissing));
}

}  // namespace
}  // namespace tdxvfs::keyserver

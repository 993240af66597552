// SPDX-License-Identifier: Apache-2.0
#include "cli/admin_client.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/admin_channel_client.h"
#include "common/hex.h"
#include "tests/fakes/fake_administration_service.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::Fails;
using testing::FakeAdministrationService;
using testing::Succeeds;

VolumeDescription SomeDescription() {
  VolumeDescription description;
  description.uuid = "0f8e3f4a-0000-4000-8000-000000000001";
  description.header_size = 1048576;
  description.header_sha256.fill(0x5a);
  description.header_profile = "sealed-1";
  description.file_system = "erofs";
  description.mount_options = {"ro"};
  return description;
}

Secret Text(std::string text) { return Secret::TakeFrom(text).value(); }

TEST(AdminClient, RegistersEveryMemberAndThePassphraseByteForByte) {
  FakeAdministrationService fake;
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  const std::string passphrase("with\0zero\xff\n", 11);
  ASSERT_OK_AND_ASSIGN(
      const std::uint32_t version,
      client.PutVersion("data", SomeDescription(), Text(passphrase)));
  EXPECT_EQ(version, 1U);
  ASSERT_EQ(fake.put.size(), 1U);
  const auto& put = fake.put.front();
  EXPECT_EQ(put.volume(), "data");
  EXPECT_EQ(put.passphrase(), passphrase);
  EXPECT_EQ(put.description().uuid(), SomeDescription().uuid);
  EXPECT_EQ(put.description().header_size(), 1048576U);
  EXPECT_EQ(put.description().header_sha256(), std::string(32, '\x5a'));
  EXPECT_EQ(put.description().header_profile(), "sealed-1");
  EXPECT_EQ(put.description().file_system(), "erofs");
  EXPECT_EQ(put.description().mount_options_size(), 1);
}

TEST(AdminClient, TakesThePassphraseOutOfTheAnswer) {
  FakeAdministrationService fake;
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  ASSERT_OK_AND_ASSIGN(const Secret passphrase, client.MakePassphrase());
  EXPECT_TRUE(passphrase == Text(std::string(64, 'a')));
  fake.next_passphrase.clear();
  EXPECT_THAT(client.MakePassphrase(), Fails(Reason::kServerMisbehaved));
}

TEST(AdminClient, ListsVersionsAsTheyWerePut) {
  FakeAdministrationService fake;
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  ASSERT_THAT(client.PutVersion("data", SomeDescription(), Text("x")),
              Succeeds());
  ASSERT_THAT(client.RetireVersion("data", 1), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto versions, client.ListVersions(""));
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].volume, "data");
  EXPECT_TRUE(versions[0].retired);
  EXPECT_FALSE(versions[0].has_policy);
  EXPECT_EQ(versions[0].description.header_sha256,
            SomeDescription().header_sha256);
  ASSERT_OK_AND_ASSIGN(const auto none, client.ListVersions("other"));
  EXPECT_TRUE(none.empty());
}

TEST(AdminClient, ListsVerityAsItWasPut) {
  FakeAdministrationService fake;
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  VolumeDescription description = SomeDescription();
  description.verity = {.data_blocks = 20,
                        .hash_start_block = 21,
                        .salt = {1, 0xff},
                        .root_hash = {7}};
  ASSERT_THAT(client.PutVersion("data", description, Text("x")), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto versions, client.ListVersions(""));
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].description.verity, description.verity);
}

TEST(AdminClient, RefusesAVersionWithoutAWholeDigest) {
  FakeAdministrationService fake;
  fake.versions.emplace_back().mutable_description()->set_header_sha256("ab");
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  EXPECT_THAT(client.ListVersions(""), Fails(Reason::kServerMisbehaved));
  auto* description = fake.versions.back().mutable_description();
  description->set_header_sha256(std::string(32, 'h'));
  description->mutable_verity()->set_root_hash("ab");
  EXPECT_THAT(client.ListVersions(""), Fails(Reason::kServerMisbehaved));
}

TEST(AdminClient, GivesTheServersReasonAndAuditId) {
  FakeAdministrationService fake;
  fake.RefuseWith(Reason::kAlreadyExists, "7f3c-91");
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  const auto refused = client.PutVersion("data", SomeDescription(), Text("x"));
  ASSERT_THAT(refused, Fails(Reason::kAlreadyExists));
  EXPECT_EQ(refused.error().audit_id(), "7f3c-91");
  EXPECT_EQ(refused.error().ToString(),
            "register volume 'data': key server: the fake refuses");
}

struct BareStatus {
  grpc::StatusCode code;
  Reason reason;
};

class BareStatusTest : public ::testing::TestWithParam<BareStatus> {};

TEST_P(BareStatusTest, OfGrpcItselfHasAReasonToo) {
  FakeAdministrationService fake;
  fake.FailWith(grpc::Status(GetParam().code, "words"));
  ASSERT_OK_AND_ASSIGN(AdminClient client, AdminClient::Connect(fake.socket()));
  EXPECT_THAT(client.ListVersions(""), Fails(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    AdminClient, BareStatusTest,
    ::testing::Values(
        BareStatus{grpc::StatusCode::PERMISSION_DENIED, Reason::kPermission},
        BareStatus{grpc::StatusCode::UNAVAILABLE, Reason::kServerUnreachable},
        BareStatus{grpc::StatusCode::DEADLINE_EXCEEDED,
                   Reason::kDeadlineExceeded},
        BareStatus{grpc::StatusCode::RESOURCE_EXHAUSTED,
                   Reason::kServerOverloaded},
        BareStatus{grpc::StatusCode::UNIMPLEMENTED, Reason::kNotSupported},
        BareStatus{grpc::StatusCode::INTERNAL, Reason::kInternal},
        BareStatus{grpc::StatusCode::DATA_LOSS, Reason::kServerMisbehaved}),
    [](const auto& row) {
      return "Code" + std::to_string(static_cast<int>(row.param.code));
    });

// TLS refuses it before a call can carry a reason.
TEST(AdminClient, ARefusedClientCertificateIsAmongTheCausesOfAHangUp) {
  const grpc::Status hang_up(grpc::StatusCode::UNAVAILABLE, "Socket closed");
  const Error remote = ErrorOf(hang_up, "/home/carol/carol.pem");
  EXPECT_EQ(remote.reason(), Reason::kServerUnreachable);
  EXPECT_THAT(remote.ToString(),
              ::testing::HasSubstr("'/home/carol/carol.pem'"));
  EXPECT_THAT(ErrorOf(hang_up).ToString(),
              ::testing::Not(::testing::HasSubstr("certificate")));
}

TEST(AdminClient, SaysWhichSocketNobodyListensOn) {
  const auto missing = AdminClient::Connect("/nonexistent/admin.sock");
  ASSERT_THAT(missing, Fails(Reason::kServerUnreachable));
  EXPECT_EQ(missing.error().ToString(),
            "admin socket '/nonexistent/admin.sock': No such file or "
            "directory");
}

TEST(AdminClient, SaysThatAFileIsNoSocket) {
  const std::string path = ::testing::TempDir() + "tdxvfs-no-socket";
  std::ofstream(path) << "x";
  EXPECT_THAT(AdminClient::Connect(path), Fails(Reason::kServerUnreachable));
  std::filesystem::remove(path);
}

TEST(AdminClient, SaysThatASocketIsForbidden) {
  FakeAdministrationService fake;
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root to become another user";
  }
  ASSERT_EQ(chmod(fake.socket().c_str(), 0600), 0);
  ASSERT_EQ(seteuid(65534), 0);
  const auto forbidden = AdminClient::Connect(fake.socket());
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_THAT(forbidden, Fails(Reason::kPermission));
}

TEST(AdminClient, RefusesAPathThatIsTooLongForASocket) {
  EXPECT_THAT(AdminClient::Connect("/" + std::string(200, 'x')),
              Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::cli

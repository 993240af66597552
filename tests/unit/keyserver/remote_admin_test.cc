// SPDX-License-Identifier: Apache-2.0
// Administration over TLS: who gets in, and what each role may do.
#include <filesystem>
#include <memory>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "common/file.h"
#include "common/hex.h"
#include "keyserver/admin/administrator.h"
#include "tests/fakes/test_authority.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using grpc::StatusCode;
using testing::CertificateWish;
using testing::ReleaseRig;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TestAuthority;

constexpr const char* kAdmin = "URI:tdxvfs-role:admin";
constexpr const char* kCarol = "URI:tdxvfs-role:volume-admin:data";
constexpr const char* kAuditor = "URI:tdxvfs-role:auditor";

void Write(const std::filesystem::path& path, const std::string& content) {
  EXPECT_THAT(ReplaceFile(path, AsBytes(content), 0600), Succeeds());
}

class RemoteAdminTest : public ::testing::Test {
 protected:
  RemoteAdminTest()
      : rig_([this](Config* config) {
          const auto tls =
              std::filesystem::path(config->tls_certificate).parent_path();
          server_ca_ = ReadFile(tls / "ca.pem", 1 << 20).value();
          config->admin_address = "127.0.0.1:0";
          config->admin_ca = folder_.path() / "clients.pem";
          config->admin_crl = folder_.path() / "clients.crl";
          Write(config->admin_ca, clients_.certificate_pem());
          Write(config->admin_crl, clients_.RevocationList({}));
        }) {}

  static CertificateWish Wish(const std::string& names) {
    return {.names = names,
            .extended_key_usage = "clientAuth",
            .common_name = "carol"};
  }

  std::shared_ptr<grpc::Channel> Open(const ServerCertificate& client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = server_ca_;
    options.pem_cert_chain = client.certificate_pem;
    options.pem_private_key = client.key_pem;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(rig_.server().admin_address(),
                                     grpc::SslCredentials(options), arguments);
  }
  std::shared_ptr<grpc::Channel> OpenAs(const std::string& names) {
    return Open(clients_.Issue(Wish(names)));
  }

  static grpc::Status PutPolicy(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& volume) {
    admin::v1::PutPolicyRequest request;
    request.set_volume(volume);
    request.set_json(ReleaseRig::GuestPolicy());
    grpc::ClientContext context;
    admin::v1::Empty response;
    return admin::v1::Administration::NewStub(channel)->PutPolicy(
        &context, request, &response);
  }

  // Any method, with this volume where its request has one.
  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                           const google::protobuf::MethodDescriptor& method,
                           const std::string& volume) {
    google::protobuf::DynamicMessageFactory messages;
    const std::unique_ptr<google::protobuf::Message> request(
        messages.GetPrototype(method.input_type())->New());
    google::protobuf::Message* named = request.get();
    if (const auto* filter = method.input_type()->FindFieldByName("filter")) {
      named = request->GetReflection()->MutableMessage(named, filter);
    }
    if (const auto* field = named->GetDescriptor()->FindFieldByName("volume")) {
      named->GetReflection()->SetString(named, field, volume);
    }
    const grpc::Slice slice(request->SerializeAsString());
    const grpc::ByteBuffer bytes(&slice, 1);
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(
        &context, "/" + method.service()->full_name() + "/" + method.name(),
        bytes, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
    return status;
  }

  static const google::protobuf::ServiceDescriptor& Service() {
    return *admin::v1::Empty::descriptor()->file()->FindServiceByName(
        "Administration");
  }

  TemporaryFolder folder_;
  const TestAuthority clients_;
  std::string server_ca_;
  ReleaseRig rig_;
};

TEST_F(RemoteAdminTest, AdminMayDoEverythingButTouchTheMachinesOwn) {
  const auto channel = OpenAs(kAdmin);
  EXPECT_TRUE(PutPolicy(channel, "data").ok());
  EXPECT_TRUE(PutPolicy(channel, "other").ok());
  for (int i = 0; i < Service().method_count(); ++i) {
    const auto& method = *Service().method(i);
    const bool denied = Call(channel, method, "data").error_code() ==
                        StatusCode::PERMISSION_DENIED;
    EXPECT_EQ(denied, RoleOf(method.name()).scope == Scope::kMachine)
        << method.name();
  }
}

// Whether a request is any good is for those who may make it.
TEST_F(RemoteAdminTest, TheRoleIsAskedBeforeThePassphrase) {
  for (const std::string& passphrase :
       {std::string(), std::string("correct horse"), std::string(600, 'x')}) {
    admin::v1::PutVersionRequest request;
    request.set_volume("other");
    request.set_passphrase(passphrase);
    grpc::ClientContext context;
    admin::v1::PutVersionResponse response;
    EXPECT_EQ(admin::v1::Administration::NewStub(OpenAs(kCarol))
                  ->PutVersion(&context, request, &response)
                  .error_code(),
              StatusCode::PERMISSION_DENIED);
  }
}

TEST_F(RemoteAdminTest, ThePolicysAuthorIsWhoTheCertificateSays) {
  const auto stub = admin::v1::Administration::NewStub(OpenAs(kCarol));
  admin::v1::PutPolicyRequest put;
  put.set_volume("data");
  put.set_json(ReleaseRig::GuestPolicy());
  put.set_author("root");
  admin::v1::Empty done;
  grpc::ClientContext putting;
  ASSERT_TRUE(stub->PutPolicy(&putting, put, &done).ok());
  admin::v1::ListPoliciesRequest list;
  list.set_volume("data");
  admin::v1::ListPoliciesResponse listed;
  grpc::ClientContext listing;
  ASSERT_TRUE(stub->ListPolicies(&listing, list, &listed).ok());
  ASSERT_FALSE(listed.policies().empty());
  EXPECT_THAT(listed.policies().rbegin()->author(),
              ::testing::StartsWith("CN=carol, serial "));
}

TEST_F(RemoteAdminTest, OneVolumesAdministratorCannotTouchAnothers) {
  const auto channel = OpenAs(kCarol);
  EXPECT_TRUE(PutPolicy(channel, "data").ok());
  for (int i = 0; i < Service().method_count(); ++i) {
    const auto& method = *Service().method(i);
    if (RoleOf(method.name()).scope != Scope::kVolume) {
      continue;
    }
    for (const char* const volume : {"other", ""}) {
      EXPECT_EQ(Call(channel, method, volume).error_code(),
                StatusCode::PERMISSION_DENIED)
          << method.name() << " of '" << volume << "'";
    }
  }
}

TEST_F(RemoteAdminTest, EverybodyListsWhatTheyMayAndNothingElse) {
  ASSERT_TRUE(rig_.PutVersion("other", 1).ok());
  ASSERT_TRUE(rig_.PutVersion("third", 1).ok());
  const auto listed = [&](const std::string& names, const std::string& after,
                          const std::string& volume = "") {
    admin::v1::ListVersionsRequest request;
    request.set_after(after);
    request.set_volume(volume);
    grpc::ClientContext context;
    admin::v1::ListVersionsResponse response;
    const grpc::Status status =
        admin::v1::Administration::NewStub(OpenAs(names))
            ->ListVersions(&context, request, &response);
    std::string volumes = status.ok() ? "" : status.error_message();
    for (const auto& version : response.versions()) {
      volumes += version.volume() + " ";
    }
    return volumes;
  };
  const std::string two = std::string(kCarol) +
                          ",URI:tdxvfs-role:volume-admin:third"
                          ",URI:tdxvfs-role:volume-admin:unknown";
  EXPECT_EQ(listed(kCarol, ""), "data ");
  EXPECT_EQ(listed(two, ""), "data third ");
  EXPECT_EQ(listed(two, "data"), "third ");
  EXPECT_EQ(listed(kAdmin, ""), "data other third ");
  EXPECT_EQ(listed(kAuditor, ""), "data other third ");
  EXPECT_EQ(listed(std::string(kCarol) + "," + kAuditor, ""),
            "data other third ");
  EXPECT_THAT(listed(kCarol, "", "other"),
              ::testing::HasSubstr("may not call ListVersions"));
}

TEST_F(RemoteAdminTest, AnotherVolumesRecordIsUnknown) {
  testing::RawGuest guest(rig_);
  v1::Challenge challenge = guest.Open("other");
  const auto ending = guest.Refused(guest.EvidenceFor(challenge));
  ASSERT_FALSE(ending.audit_id.empty());
  admin::v1::GetAuditRequest request;
  request.set_audit_id(ending.audit_id);
  admin::v1::GetAuditResponse response;
  const auto get = [&](const std::string& names) {
    grpc::ClientContext context;
    return admin::v1::Administration::NewStub(OpenAs(names))
        ->GetAudit(&context, request, &response);
  };
  const grpc::Status refused = get(kCarol);
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(response.record().empty());
  EXPECT_TRUE(get(kAuditor).ok());
  EXPECT_TRUE(get("URI:tdxvfs-role:volume-admin:other").ok());
}

TEST_F(RemoteAdminTest, AuditorsCallWhatTheirRowsSayAndNothingElse) {
  const auto channel = OpenAs(kAuditor);
  for (int i = 0; i < Service().method_count(); ++i) {
    const auto& method = *Service().method(i);
    const StatusCode code = Call(channel, method, "data").error_code();
    if (RoleOf(method.name()).auditor) {
      EXPECT_NE(code, StatusCode::PERMISSION_DENIED) << method.name();
    } else {
      EXPECT_EQ(code, StatusCode::PERMISSION_DENIED) << method.name();
    }
  }
}

TEST_F(RemoteAdminTest, CertificatesWithoutARoleAreRefused) {
  EXPECT_EQ(PutPolicy(OpenAs("DNS:carol.example"), "data").error_code(),
            StatusCode::PERMISSION_DENIED);
}

TEST_F(RemoteAdminTest, WrongAuthorityExpiryAndNoCertificateEndTheHandshake) {
  const TestAuthority foreign;
  CertificateWish expired = Wish(kAdmin);
  ::testing::internal::CaptureStderr();
  expired.not_after = -1;
  for (const ServerCertificate& client :
       {foreign.Issue(Wish(kAdmin)), clients_.Issue(expired),
        ServerCertificate{}}) {
    EXPECT_EQ(PutPolicy(Open(client), "data").error_code(),
              StatusCode::UNAVAILABLE);
  }
  // The server says why, and gRPC has no lines of its own in the log.
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("a client certificate was refused by TLS"),
            std::string::npos);
  EXPECT_EQ(log.find("ssl_transport_security"), std::string::npos) << log;
}

TEST_F(RemoteAdminTest, ARevocationCountsOnOpenConnectionsToo) {
  const ServerCertificate client = clients_.Issue(Wish(kAdmin));
  const auto channel = Open(client);
  EXPECT_TRUE(PutPolicy(channel, "data").ok());
  Write(rig_.config().admin_crl,
        clients_.RevocationList({client.certificate_pem}));
  EXPECT_TRUE(PutPolicy(channel, "data").ok()) << "not reloaded yet";
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());
  EXPECT_EQ(PutPolicy(channel, "data").error_code(),
            StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(PutPolicy(Open(client), "data").error_code(),
            StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(PutPolicy(OpenAs(kAdmin), "data").ok());
}

TEST_F(RemoteAdminTest, AReloadExchangesTheAuthority) {
  const auto before = OpenAs(kAdmin);
  EXPECT_TRUE(PutPolicy(before, "data").ok());
  const TestAuthority next;
  Write(rig_.config().admin_ca, next.certificate_pem());
  Write(rig_.config().admin_crl, next.RevocationList({}));
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());
  EXPECT_TRUE(PutPolicy(Open(next.Issue(Wish(kAdmin))), "data").ok());
  EXPECT_EQ(PutPolicy(before, "data").error_code(),
            StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(PutPolicy(OpenAs(kAdmin), "data").error_code(),
            StatusCode::UNAVAILABLE);
}

// A reload that is refused changes nothing.
TEST_F(RemoteAdminTest, ABrokenRevocationListIsRefused) {
  Write(rig_.config().admin_crl, "nonsense");
  EXPECT_FALSE(rig_.server().Reload(rig_.config()).has_value());
  EXPECT_TRUE(PutPolicy(OpenAs(kAdmin), "data").ok());
}

TEST_F(RemoteAdminTest, GuestsCannotUseThePortWithoutARole) {
  grpc::ClientContext context;
  const auto stream =
      v1::KeyRelease::NewStub(OpenAs(kAuditor))->Unlock(&context);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace tdxvfs::keyserver

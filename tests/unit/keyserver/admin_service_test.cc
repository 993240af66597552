// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/admin_service.h"

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "foreign/google/rpc/status.pb.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::ReleaseRig;

class Administration : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { shared_rig = new ReleaseRig(); }
  static void TearDownTestSuite() {
    delete shared_rig;
    shared_rig = nullptr;
  }
  static ReleaseRig& rig() { return *shared_rig; }

  static admin::v1::PutVersionRequest GoodVersion() {
    admin::v1::PutVersionRequest request;
    request.set_volume("fresh");
    request.set_passphrase("pass");
    auto* description = request.mutable_description();
    description->set_uuid("c9c1d1a0-0000-4000-8000-000000000001");
    description->set_header_size(1 << 20);
    description->set_header_sha256(ReleaseRig::Digest(1));
    description->set_header_profile("sealed-1");
    description->set_file_system("erofs");
    return request;
  }

  static v1::Verity GoodVerity() {
    v1::Verity verity;
    verity.set_hash("sha256");
    verity.set_data_block_size(4096);
    verity.set_hash_block_size(4096);
    verity.set_data_blocks(20);
    verity.set_hash_start_block(20);
    verity.set_salt(std::string(32, 's'));
    verity.set_root_hash(std::string(32, 'r'));
    return verity;
  }

  // The slug of the Refusal in a status.
  static std::string ReasonOf(const grpc::Status& status) {
    google::rpc::Status details;
    v1::Refusal refusal;
    if (!details.ParseFromString(status.error_details()) ||
        details.details_size() != 1 || !details.details(0).UnpackTo(&refusal)) {
      return "";
    }
    return refusal.reason();
  }

  static ReleaseRig* shared_rig;
};

ReleaseRig* Administration::shared_rig = nullptr;

TEST_F(Administration, MakesPassphrasesOf256RandomBits) {
  std::string last;
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    admin::v1::MakePassphraseResponse response;
    ASSERT_TRUE(rig().admin().MakePassphrase(&context, {}, &response).ok());
    EXPECT_THAT(response.passphrase(), MatchesRegex("[0-9a-f]{64}"));
    EXPECT_NE(response.passphrase(), last);
    last = response.passphrase();
  }
}

TEST_F(Administration, ListsWhatWasRegistered) {
  ASSERT_TRUE(rig().PutVersion("listed", 1).ok());
  ASSERT_TRUE(rig().PutVersion("listed", 2).ok());
  admin::v1::ListVersionsRequest request;
  request.set_volume("listed");
  grpc::ClientContext context;
  admin::v1::ListVersionsResponse response;
  ASSERT_TRUE(rig().admin().ListVersions(&context, request, &response).ok());
  ASSERT_EQ(response.versions_size(), 2);
  EXPECT_EQ(response.versions(1).version(), 2U);
  EXPECT_EQ(response.versions(1).description().header_sha256(),
            ReleaseRig::Digest(2));
  EXPECT_FALSE(response.versions(1).has_policy());
}

TEST_F(Administration, GivesVerityBackAsItWasPut) {
  admin::v1::PutVersionRequest request = GoodVersion();
  request.set_volume("hashed");
  *request.mutable_description()->mutable_verity() = GoodVerity();
  grpc::ClientContext put_context;
  admin::v1::PutVersionResponse put;
  ASSERT_TRUE(rig().admin().PutVersion(&put_context, request, &put).ok());
  admin::v1::ListVersionsRequest list;
  list.set_volume("hashed");
  grpc::ClientContext context;
  admin::v1::ListVersionsResponse response;
  ASSERT_TRUE(rig().admin().ListVersions(&context, list, &response).ok());
  ASSERT_EQ(response.versions_size(), 1);
  EXPECT_EQ(response.versions(0).description().verity().SerializeAsString(),
            GoodVerity().SerializeAsString());
}

TEST_F(Administration, RefusesWritableVolumesByNameAndImportedOnesWithVerity) {
  for (const auto& [profile, word] : {std::pair("writable-1", "writable-1"),
                                      std::pair("imported-1", "verity")}) {
    admin::v1::PutVersionRequest request = GoodVersion();
    request.mutable_description()->set_header_profile(profile);
    *request.mutable_description()->mutable_verity() = GoodVerity();
    grpc::ClientContext context;
    admin::v1::PutVersionResponse response;
    const grpc::Status status =
        rig().admin().PutVersion(&context, request, &response);
    EXPECT_EQ(ReasonOf(status), "usage");
    EXPECT_THAT(status.error_message(), HasSubstr(word));
  }
}

TEST_F(Administration, RefusesVerityThatNoGuestWouldTake) {
  const std::vector<std::function<void(v1::Verity&)>> changes = {
      [](auto& v) { v.Clear(); },
      [](auto& v) { v.set_hash("sha1"); },
      [](auto& v) { v.set_data_block_size(512); },
      [](auto& v) { v.set_hash_block_size(8192); },
      [](auto& v) { v.set_data_blocks(0); },
      [](auto& v) { v.set_hash_start_block(19); },
      [](auto& v) { v.set_hash_start_block(~0ULL); },
      [](auto& v) { v.set_salt(std::string(257, 's')); },
      [](auto& v) { v.set_root_hash(std::string(31, 'r')); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    admin::v1::PutVersionRequest request = GoodVersion();
    v1::Verity* verity = request.mutable_description()->mutable_verity();
    *verity = GoodVerity();
    changes[i](*verity);
    grpc::ClientContext context;
    admin::v1::PutVersionResponse response;
    EXPECT_EQ(ReasonOf(rig().admin().PutVersion(&context, request, &response)),
              "usage")
        << i;
  }
}

TEST_F(Administration, RefusesAHeaderTwice) {
  ASSERT_TRUE(rig().PutVersion("twice", 1).ok());
  const grpc::Status again = rig().PutVersion("twice", 1);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(again), "already-exists");
}

TEST_F(Administration, GivesThePolicyBackAsItWasPut) {
  const std::string json = ReleaseRig::GuestPolicy();
  ASSERT_TRUE(rig().PutPolicy("ruled", json).ok());
  admin::v1::GetPolicyRequest request;
  request.set_volume("ruled");
  grpc::ClientContext context;
  admin::v1::GetPolicyResponse response;
  ASSERT_TRUE(rig().admin().GetPolicy(&context, request, &response).ok());
  EXPECT_EQ(response.json(), json);
}

TEST_F(Administration, RefusesAPolicyThatPinsNothing) {
  const grpc::Status status =
      rig().PutPolicy("lax", R"({"version":1,"tee":"tdx"})");
  EXPECT_EQ(ReasonOf(status), "policy-invalid");
  EXPECT_THAT(status.error_message(), HasSubstr("mr_td"));
}

// Each of them makes a volume.
TEST_F(Administration, ThePoliciesOfAHistoryAreInTheOrderOfTheirTimes) {
  {
    std::vector<std::jthread> administrators;
    administrators.reserve(8);
    for (int i = 0; i < 8; ++i) {
      administrators.emplace_back([] {
        for (int put = 0; put < 8; ++put) {
          EXPECT_TRUE(
              rig().PutPolicy("contested", ReleaseRig::GuestPolicy()).ok());
        }
      });
    }
  }
  admin::v1::ListPoliciesRequest request;
  request.set_volume("contested");
  grpc::ClientContext context;
  admin::v1::ListPoliciesResponse response;
  ASSERT_TRUE(rig().admin().ListPolicies(&context, request, &response).ok());
  ASSERT_EQ(response.policies_size(), 64);
  EXPECT_TRUE(std::ranges::is_sorted(
      response.policies(), {}, [](const auto& each) { return each.time(); }));
}

TEST_F(Administration, RefusesAVolumeNameThatIsNone) {
  for (const char* name : {"", "../data", "Data", "a b"}) {
    EXPECT_EQ(ReasonOf(rig().PutPolicy(name, ReleaseRig::GuestPolicy())),
              "volume-name-invalid")
        << name;
    EXPECT_EQ(ReasonOf(rig().PutVersion(name, 1)), "volume-name-invalid")
        << name;
  }
}

// More would be a time that the clock cannot hold.
TEST_F(Administration, RefusesAGracePeriodOfMoreThanTenYears) {
  for (const std::uint64_t seconds :
       {std::uint64_t{316'224'001}, ~std::uint64_t{0}}) {
    admin::v1::DeleteVersionRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    request.set_grace_seconds(seconds);
    grpc::ClientContext context;
    admin::v1::DeleteVersionResponse response;
    EXPECT_EQ(
        ReasonOf(rig().admin().DeleteVersion(&context, request, &response)),
        "usage");
  }
}

TEST_F(Administration, NamesWhatIsUnknown) {
  grpc::ClientContext policy_context;
  admin::v1::GetPolicyRequest policy_request;
  policy_request.set_volume("nowhere");
  admin::v1::GetPolicyResponse policy;
  EXPECT_EQ(ReasonOf(rig().admin().GetPolicy(&policy_context, policy_request,
                                             &policy)),
            "volume-unknown");
  ASSERT_TRUE(rig().PutVersion("bare", 1).ok());
  grpc::ClientContext bare_context;
  policy_request.set_volume("bare");
  EXPECT_EQ(
      ReasonOf(rig().admin().GetPolicy(&bare_context, policy_request, &policy)),
      "policy-missing");
  grpc::ClientContext audit_context;
  admin::v1::GetAuditRequest audit_request;
  audit_request.set_audit_id("0000-1");
  admin::v1::GetAuditResponse audit;
  EXPECT_EQ(
      ReasonOf(rig().admin().GetAudit(&audit_context, audit_request, &audit)),
      "audit-unknown");
}

struct BadVersion {
  std::string name;
  std::function<void(admin::v1::PutVersionRequest*)> change;
  std::string reason;
};

class BadVersionTest : public Administration,
                       public ::testing::WithParamInterface<BadVersion> {};

TEST_P(BadVersionTest, IsRefusedAndNotKept) {
  admin::v1::PutVersionRequest request = GoodVersion();
  GetParam().change(&request);
  grpc::ClientContext context;
  admin::v1::PutVersionResponse response;
  EXPECT_EQ(ReasonOf(rig().admin().PutVersion(&context, request, &response)),
            GetParam().reason);
  admin::v1::ListVersionsRequest list;
  list.set_volume("fresh");
  grpc::ClientContext list_context;
  admin::v1::ListVersionsResponse versions;
  EXPECT_EQ(
      ReasonOf(rig().admin().ListVersions(&list_context, list, &versions)),
      "volume-unknown");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadVersionTest,
    ::testing::Values(
        BadVersion{"Name", [](auto* r) { r->set_volume("A b"); },
                   "volume-name-invalid"},
        BadVersion{"NoPassphrase", [](auto* r) { r->clear_passphrase(); },
                   "usage"},
        BadVersion{"LongPassphrase",
                   [](auto* r) { r->set_passphrase(std::string(513, 'p')); },
                   "usage"},
        BadVersion{"NoDescription", [](auto* r) { r->clear_description(); },
                   "usage"},
        BadVersion{"UpperCaseUuid",
                   [](auto* r) {
                     r->mutable_description()->set_uuid(
                         "C9C1D1A0-0000-4000-8000-000000000001");
                   },
                   "usage"},
        BadVersion{"ShortUuid",
                   [](auto* r) { r->mutable_description()->set_uuid("c9c1"); },
                   "usage"},
        BadVersion{
            "OddHeaderSize",
            [](auto* r) { r->mutable_description()->set_header_size(4097); },
            "usage"},
        BadVersion{"HugeHeader",
                   [](auto* r) {
                     r->mutable_description()->set_header_size((16 << 20) +
                                                               4096);
                   },
                   "usage"},
        BadVersion{"ShortDigest",
                   [](auto* r) {
                     r->mutable_description()->set_header_sha256("short");
                   },
                   "usage"},
        BadVersion{"LaterProfile",
                   [](auto* r) {
                     r->mutable_description()->set_header_profile("writable-1");
                   },
                   "usage"},
        BadVersion{
            "FileSystem",
            [](auto* r) { r->mutable_description()->set_file_system("ntfs"); },
            "usage"},
        BadVersion{"MountOption",
                   [](auto* r) {
                     r->mutable_description()->add_mount_options("suid");
                   },
                   "usage"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
// Limits and deletion of versions, as guests and administrators see them.
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/file.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::Ending;
using ::testing::HasSubstr;
using testing::RawGuest;
using testing::ReleaseRig;

class VersionLimitsTest : public ::testing::Test {
 protected:
  static bool GetsAKey(const ReleaseRig& rig) {
    RawGuest guest(rig);
    if (!guest.Send(guest.EvidenceFor(guest.Open()))) {
      return false;
    }
    const auto message = guest.Receive();
    return message.has_value() && message->has_release();
  }
  static Ending Refusal(const ReleaseRig& rig) {
    RawGuest guest(rig);
    return guest.Refused(guest.EvidenceFor(guest.Open()));
  }
  static void SetLimits(ReleaseRig* rig,
                        const admin::v1::VersionLimits& limits) {
    admin::v1::SetLimitsRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    *request.mutable_limits() = limits;
    grpc::ClientContext context;
    admin::v1::Empty response;
    EXPECT_TRUE(rig->admin().SetLimits(&context, request, &response).ok());
  }
  static admin::v1::VersionLimits Releases(std::uint32_t count) {
    admin::v1::VersionLimits limits;
    limits.set_releases(count);
    return limits;
  }
  static admin::v1::VersionInfo Version(ReleaseRig* rig) {
    admin::v1::ListVersionsRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    grpc::ClientContext context;
    admin::v1::ListVersionsResponse response;
    EXPECT_TRUE(rig->admin().ListVersions(&context, request, &response).ok());
    EXPECT_EQ(response.versions_size(), 1);
    return response.versions(0);
  }
};

TEST_F(VersionLimitsTest, AVersionOutsideItsTimesLooksLikeAnyRefusal) {
  ReleaseRig rig;
  admin::v1::VersionLimits past;
  past.set_not_after(1000);
  SetLimits(&rig, past);
  Ending ending = Refusal(rig);
  EXPECT_EQ(ending.reason, "refused-by-policy");
  EXPECT_EQ(ending.status.error_message(), "refused: refused-by-policy");
  EXPECT_THAT(rig.Audit(ending.audit_id),
              HasSubstr("version 1 is not released after 1970-01-01T00:16:40"));
  admin::v1::VersionLimits future;
  future.set_not_before(4'000'000'000);
  SetLimits(&rig, future);
  ending = Refusal(rig);
  EXPECT_EQ(ending.reason, "refused-by-policy");
  EXPECT_THAT(rig.Audit(ending.audit_id), HasSubstr("is not released before"));
  SetLimits(&rig, {});
  EXPECT_TRUE(GetsAKey(rig));
}

// Compared with the clock's nanoseconds, 2610 would be 2026.
TEST_F(VersionLimitsTest, ATimeThatTheClockCannotHoldIsRefused) {
  constexpr std::int64_t start_of_2262 = 9'214'646'400;
  ReleaseRig rig;
  for (const std::int64_t time : {start_of_2262 - 1, start_of_2262}) {
    admin::v1::SetLimitsRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    request.mutable_limits()->set_not_after(time);
    grpc::ClientContext context;
    admin::v1::Empty response;
    EXPECT_EQ(rig.admin().SetLimits(&context, request, &response).ok(),
              time < start_of_2262);
  }
  EXPECT_TRUE(GetsAKey(rig));
}

TEST_F(VersionLimitsTest, ReleasesAreCountedExactlyAndOverARestart) {
  constexpr int guest_count = 6;
  constexpr std::uint32_t allowed = 4;
  ReleaseRig rig;
  SetLimits(&rig, Releases(allowed));
  EXPECT_TRUE(GetsAKey(rig));
  rig.Restart();
  std::atomic<std::uint32_t> released = 1;
  std::vector<std::thread> guests;
  guests.reserve(guest_count);
  for (int i = 0; i < guest_count; ++i) {
    guests.emplace_back([&] { released += GetsAKey(rig) ? 1 : 0; });
  }
  for (std::thread& guest : guests) {
    guest.join();
  }
  EXPECT_EQ(released, allowed);
  EXPECT_EQ(Version(&rig).released(), allowed);
  const Ending ending = Refusal(rig);
  EXPECT_EQ(ending.reason, "refused-by-policy");
  EXPECT_THAT(rig.Audit(ending.audit_id),
              HasSubstr("version 1 has had its 4 releases"));
}

TEST_F(VersionLimitsTest,
       A17_OnlyGuestsThatSatisfyThePolicyUseAVolumesLimitsUp) {
  ReleaseRig rig([](Config* config) {
    config->volume_rate = {.per_minute = 1, .burst = 1};
  });
  SetLimits(&rig, Releases(2));
  attest::TdReport other = ReleaseRig::GuestReport();
  other.mr_td.fill(0);
  for (int i = 0; i < 3; ++i) {
    RawGuest stranger(rig);
    const Ending ending =
        stranger.Refused(stranger.EvidenceFor(stranger.Open(), other));
    EXPECT_EQ(ending.reason, "refused-by-policy");
  }
  EXPECT_TRUE(GetsAKey(rig));
  const Ending ending = Refusal(rig);
  EXPECT_EQ(ending.reason, "server-overloaded");
  EXPECT_GT(ending.retry_after, 0U);
  EXPECT_EQ(Version(&rig).released(), 1U);
}

TEST_F(VersionLimitsTest, ADeletedVersionIsNotReleasedUntilItIsUndeleted) {
  ReleaseRig rig;
  admin::v1::DeleteVersionRequest request;
  request.set_volume(std::string(testing::kRigVolume));
  request.set_version(1);
  request.set_grace_seconds(3600);
  grpc::ClientContext context;
  admin::v1::DeleteVersionResponse response;
  ASSERT_TRUE(rig.admin().DeleteVersion(&context, request, &response).ok());
  const Ending ending = Refusal(rig);
  EXPECT_EQ(ending.reason, "header-unknown");
  EXPECT_THAT(rig.Audit(ending.audit_id), HasSubstr("version 1 is deleted"));
  EXPECT_EQ(Version(&rig).delete_after(), response.delete_after());
  admin::v1::UndeleteVersionRequest undelete;
  undelete.set_volume(std::string(testing::kRigVolume));
  undelete.set_version(1);
  grpc::ClientContext undelete_context;
  admin::v1::Empty empty;
  ASSERT_TRUE(
      rig.admin().UndeleteVersion(&undelete_context, undelete, &empty).ok());
  EXPECT_TRUE(GetsAKey(rig));
}

TEST_F(VersionLimitsTest, GuestsThatGotAKeyAreListed) {
  ReleaseRig rig;
  EXPECT_TRUE(GetsAKey(rig));
  rig.Restart();  // no upkeep has written them down before
  EXPECT_TRUE(GetsAKey(rig));
  admin::v1::ListGuestsRequest request;
  request.set_volume(std::string(testing::kRigVolume));
  grpc::ClientContext context;
  admin::v1::ListGuestsResponse response;
  ASSERT_TRUE(rig.admin().ListGuests(&context, request, &response).ok());
  ASSERT_EQ(response.guests_size(), 1);
  EXPECT_EQ(response.guests(0).peer(), "ipv4:127.0.0.1");
  EXPECT_EQ(response.guests(0).version(), 1U);
  EXPECT_EQ(response.guests(0).releases(), 2U);
}

TEST_F(VersionLimitsTest, TheMasterKeyRotatesWhileGuestsCome) {
  ReleaseRig rig;
  std::jthread guests([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      EXPECT_TRUE(GetsAKey(rig));
    }
  });
  admin::v1::RotateMasterKeyRequest request;
  ASSERT_OK_AND_ASSIGN(*request.mutable_earlier_master_key(),
                       ReadFile(rig.config().master_key, 32));
  request.set_master_key(std::string(32, 'n'));
  grpc::ClientContext context;
  admin::v1::Empty empty;
  EXPECT_TRUE(rig.admin().RotateMasterKey(&context, request, &empty).ok());
  guests.request_stop();
  guests.join();
  // The configured key is still the earlier one.
  rig.Restart();
  EXPECT_TRUE(GetsAKey(rig));
}

TEST_F(VersionLimitsTest, OnlyTheStoresOwnMasterKeyIsReplaced) {
  ReleaseRig rig;
  admin::v1::RotateMasterKeyRequest request;
  ASSERT_OK_AND_ASSIGN(const std::string earlier,
                       ReadFile(rig.config().master_key, 32));
  const auto rotate = [&](const std::string& from, const std::string& to) {
    request.set_earlier_master_key(from);
    request.set_master_key(to);
    grpc::ClientContext context;
    admin::v1::Empty empty;
    return rig.admin().RotateMasterKey(&context, request, &empty).ok();
  };
  EXPECT_FALSE(rotate(earlier, "short"));
  EXPECT_FALSE(rotate("", std::string(32, 'n')));
  EXPECT_FALSE(rotate(std::string(32, 'o'), std::string(32, 'n')));
  EXPECT_TRUE(GetsAKey(rig));
  EXPECT_TRUE(rotate(earlier, std::string(32, 'n')));
}

}  // namespace
}  // namespace tdxvfs::keyserver

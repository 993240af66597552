// SPDX-License-Identifier: Apache-2.0
// What grpc.health.v1 answers at each door, for load balancers and kubelets.
#include <filesystem>
#include <string>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::ReleaseRig;
using testing::Succeeds;

// HealthCheckResponse with `status` 1 or 2, as protobuf writes it.
constexpr std::string_view kServing{"\x08\x01", 2};
constexpr std::string_view kNotServing{"\x08\x02", 2};

// Debian has no generated code for these messages: the call is made by hand.
// The empty request asks for the server as a whole.
std::string AskHealth(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                    request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, &call);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::Slice bytes;
  (void)response.DumpToSingleSlice(&bytes);
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

class HealthTest : public ::testing::Test {
 protected:
  HealthTest()
      : guests_(rig_.GuestChannel()),
        administrators_(
            grpc::CreateChannel("unix:" + rig_.config().admin_socket,
                                grpc::InsecureChannelCredentials())) {}
  void ExpectHealth(std::string_view for_guests,
                    std::string_view for_administrators) {
    EXPECT_EQ(AskHealth(guests_), for_guests);
    EXPECT_EQ(AskHealth(administrators_), for_administrators);
  }

  ReleaseRig rig_;
  const std::shared_ptr<grpc::Channel> guests_;
  const std::shared_ptr<grpc::Channel> administrators_;
};

TEST_F(HealthTest, NobodyIsServedWithoutTheStoreOrTheLog) {
  ASSERT_THAT(rig_.server().CheckHealth(), Succeeds());
  ExpectHealth(kServing, kServing);
  const std::filesystem::path log =
      std::filesystem::path(rig_.config().audit_directory) / "audit.jsonl";
  for (const std::filesystem::path& file :
       {std::filesystem::path(rig_.config().store), log}) {
    const std::filesystem::path aside = file.string() + ".aside";
    std::filesystem::rename(file, aside);
    EXPECT_FALSE(rig_.server().CheckHealth().has_value()) << file;
    ExpectHealth(kNotServing, kNotServing);
    std::filesystem::rename(aside, file);
    EXPECT_THAT(rig_.server().CheckHealth(), Succeeds());
    ExpectHealth(kServing, kServing);
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver

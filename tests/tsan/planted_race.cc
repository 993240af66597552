// SPDX-License-Identifier: Apache-2.0
// A race on purpose, in a gRPC service that looks like ours: streams are
// counted without a lock. Proves that the thread sanitizer finds such a thing
// with tests/support/tsan.supp, which drops what gRPC only seems to do wrong.
#include <stdio.h>

#include <string>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs {
namespace {

constexpr int kThreads = 4;
constexpr int kCallsEach = 5000;

class RacyService final : public v1::KeyRelease::CallbackService {
 public:
  grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage>* Unlock(
      grpc::CallbackServerContext* /*context*/) override {
    ++streams_;
    return new Stream;
  }

 private:
  struct Stream final
      : grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage> {
    Stream() { Finish(grpc::Status::OK); }
    void OnDone() override { delete this; }
  };

  long streams_ = 0;  // the planted race
};

void Call(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = v1::KeyRelease::NewStub(grpc::CreateCustomChannel(
      address, grpc::InsecureChannelCredentials(), arguments));
  for (int i = 0; i < kCallsEach; ++i) {
    grpc::ClientContext context;
    (void)stub->Unlock(&context)->Finish();
  }
}

int Run() {
  RacyService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    (void)fputs("planted_race: gRPC could not start a server\n", stderr);
    return 1;
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&address] { Call(address); });
    }
  }
  server->Shutdown();
  return 0;
}

}  // namespace
}  // namespace tdxvfs

int main() { return tdxvfs::Run(); }

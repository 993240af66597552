// SPDX-License-Identifier: Apache-2.0
// Programs with this file end after gRPC's threads. A thread that did a TLS
// handshake has OpenSSL's random generators, whose state lies in the secure
// heap, where the leak detector does not look: what such a thread still holds
// when the program ends would be taken for a leak.
#include <chrono>
#include <thread>

#include <grpc/grpc.h>
#include <gtest/gtest.h>

namespace tdxvfs::testing {
namespace {

// A channel whose handshake failed lives until its next try would have been.
constexpr std::chrono::seconds kPatience{30};

class EndOfGrpc : public ::testing::Environment {
 public:
  void TearDown() override {
    const auto last = std::chrono::steady_clock::now() + kPatience;
    while (grpc_is_initialized() != 0 &&
           std::chrono::steady_clock::now() < last) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    // Waits for the threads of a shutdown that has begun.
    grpc_init();
    grpc_shutdown_blocking();
  }
};

[[maybe_unused]] ::testing::Environment* const kEndOfGrpc =
    ::testing::AddGlobalTestEnvironment(new EndOfGrpc);

}  // namespace
}  // namespace tdxvfs::testing

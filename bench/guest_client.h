// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_GUEST_CLIENT_H_
#define TDXVFS_BENCH_GUEST_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "attest/report_data.h"
#include "bench/pretend_fleet.h"
#include "common/result.h"
#include "common/x25519.h"
#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs::bench {

// What guests of a fleet believe in; made once, since reading the authority's
// certificate is not what a bench is about.
std::shared_ptr<grpc::ChannelCredentials> GuestCredentials(
    const PretendFleet& fleet);

// One unlock over a connection and with a key of its own, cheaper than the
// agent's: a generator of many has a core like the server's.
class GuestClient {
 public:
  enum class Answers {
    kReal,
    // An echo server's: of the right size, and nothing in them.
    kEchoed,
  };

  // The fleet outlives it.
  GuestClient(const PretendFleet& fleet,
              const std::shared_ptr<grpc::ChannelCredentials>& credentials,
              const std::string& address, Answers answers);

  // From Begin until the outcome is on record; returns the sealed grant's size.
  // Fails as the server says, in the agent's words.
  Result<std::size_t> Unlock();

 private:
  v1::GuestMessage Begin() const;
  attest::ReportDataBytes ReportData(const std::string& nonce) const;
  v1::GuestMessage Evidence(const attest::ReportDataBytes& report_data) const;
  Result<v1::GuestMessage> Outcome(
      const v1::Release& release,
      const attest::ReportDataBytes& report_data) const;
  Result<v1::ServerMessage> Ask(const v1::GuestMessage& message);
  // How the stream ended.
  Result<void> End();

  const PretendFleet& fleet_;
  const Answers answers_;
  const X25519KeyPair key_;
  std::unique_ptr<v1::KeyRelease::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::GuestMessage, v1::ServerMessage>>
      stream_;
};

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_GUEST_CLIENT_H_

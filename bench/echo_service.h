// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_ECHO_SERVICE_H_
#define TDXVFS_BENCH_ECHO_SERVICE_H_

#include <cstddef>
#include <string>

#include <grpcpp/grpcpp.h>

#include "bench/floor_work.h"
#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs::bench {

// Answers with messages as large as the key server's, after the public-key
// operations that no release can do without.
class EchoService final : public v1::KeyRelease::CallbackService {
 public:
  EchoService(std::size_t grant_size, const FloorWork* work)
      : grant_size_(grant_size), work_(work) {}

  grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage>* Unlock(
      grpc::CallbackServerContext* /*context*/) override {
    return new Stream(grant_size_, work_);
  }

 private:
  class Stream final
      : public grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage> {
   public:
    Stream(std::size_t grant_size, const FloorWork* work)
        : grant_size_(grant_size), work_(work) {
      StartRead(&incoming_);
    }
    void OnReadDone(bool ok) override {
      if (!ok || incoming_.has_outcome()) {
        Finish(grpc::Status::OK);
        return;
      }
      if (incoming_.has_begin()) {
        outgoing_.mutable_challenge()->set_nonce(std::string(32, 'n'));
        outgoing_.mutable_challenge()->set_deadline_seconds(30);
      } else {
        work_->Run();
        outgoing_.mutable_release()->set_encapsulated_key(std::string(32, 'k'));
        outgoing_.mutable_release()->set_ciphertext(
            std::string(grant_size_, 'g'));
      }
      StartWrite(&outgoing_);
    }
    void OnWriteDone(bool /*ok*/) override { StartRead(&incoming_); }
    void OnDone() override { delete this; }

   private:
    const std::size_t grant_size_;
    const FloorWork* const work_;
    v1::GuestMessage incoming_;
    v1::ServerMessage outgoing_;
  };

  const std::size_t grant_size_;
  const FloorWork* const work_;
};

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_ECHO_SERVICE_H_

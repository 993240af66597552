// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RELEASE_SERVICE_H_
#define TDXVFS_KEYSERVER_RELEASE_SERVICE_H_

#include <chrono>
#include <mutex>

#include <grpcpp/server_context.h>

#include "keyserver/admission.h"
#include "keyserver/deadline_queue.h"
#include "keyserver/open_calls.h"
#include "keyserver/release_key.h"
#include "keyserver/work_queue.h"
#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs::keyserver {

// How long the server waits for each message of a guest.
struct ReleaseTimeouts {
  std::chrono::milliseconds begin{10'000};
  std::chrono::seconds evidence{30};
  std::chrono::milliseconds outcome{120'000};
};

// The adapter between gRPC and KeyRelease: one stream per unlock, each message
// once and in order, each in its time. It makes no decisions of its own. All
// parts outlive it. The gRPC server is shut down before it goes, and it goes
// when its last stream has gone.
class ReleaseService final : public v1::KeyRelease::CallbackService {
 public:
  struct Parts {
    KeyRelease* release = nullptr;
    Admission* admission = nullptr;
    WorkQueue* work = nullptr;
    DeadlineQueue* deadlines = nullptr;
    const Clock* clock = nullptr;
    Metrics* metrics = nullptr;
    ReleaseTimeouts timeouts;
    bool anchor_is_intel = true;
    bool collateral_none = false;
  };

  explicit ReleaseService(const Parts& parts)
      : parts_(parts), timeouts_(parts.timeouts) {}

  // Counts for streams that begin from now on.
  void SetTimeouts(const ReleaseTimeouts& timeouts);

  // Until the last stream has gone, and with it what it had to record. The gRPC
  // server is shut down before.
  void AwaitStreams() { open_.Wait(); }

  grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage>* Unlock(
      grpc::CallbackServerContext* context) override;

 private:
  const Parts parts_;
  std::mutex mutex_;
  ReleaseTimeouts timeouts_;
  OpenCalls open_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RELEASE_SERVICE_H_

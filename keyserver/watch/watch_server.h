// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_WATCH_WATCH_SERVER_H_
#define TDXVFS_KEYSERVER_WATCH_WATCH_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "common/result.h"
#include "keyserver/watch/readiness.h"

namespace tdxvfs::keyserver {

// HTTP for those who watch: GET /metrics, /readyz (200 or 503) and /livez. It
// knows no secrets, takes nothing in and is not authenticated: give it an
// address that only the watchers reach.
class WatchServer {
 public:
  // Called on the server's thread; both outlive it.
  struct Sources {
    std::function<std::string()> metrics;
    std::function<Readiness::Answer()> readiness;
  };

  // `address` as ListenTcp takes it. Fails with kConfigInvalid or kInternal.
  static Result<std::unique_ptr<WatchServer>> Start(const std::string& address,
                                                    Sources sources);
  ~WatchServer();

  // With the port that the kernel chose.
  const std::string& address() const;

 private:
  struct State;
  explicit WatchServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_WATCH_WATCH_SERVER_H_

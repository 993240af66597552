// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ACCEPT_LOOP_H_
#define TDXVFS_KEYSERVER_ACCEPT_LOOP_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// Accepts connections in gRPC's place, which has no cap on them and whose
// listener dies for good when descriptors run out. A second descriptor of every
// connection is watched until it hangs up, to count the living.
class AcceptLoop {
 public:
  struct Door {
    UniqueFd listener;  // listening and non-blocking
    std::size_t max_connections = 0;
    // Whether this connection may come in at all.
    std::function<bool(int connection)> admit;
    // Takes over an accepted, non-blocking connection. Called on the loop's
    // thread.
    std::function<void(UniqueFd connection)> hand_over;
  };

  // Fails with kInternal.
  static Result<std::unique_ptr<AcceptLoop>> Start(Door door);
  ~AcceptLoop();

  // Closes the listener; connections that were handed over live on. A second
  // call does nothing.
  void Stop();

 private:
  explicit AcceptLoop(Door door) : door_(std::move(door)) {}
  void Run();
  void AcceptAll();
  void Keep(UniqueFd connection);
  Result<void> Watch(int descriptor, unsigned int events) const;

  Door door_;
  UniqueFd epoll_;
  UniqueFd stop_;
  std::map<int, UniqueFd> watched_;
  std::thread thread_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ACCEPT_LOOP_H_

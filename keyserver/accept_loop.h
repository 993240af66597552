// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ACCEPT_LOOP_H_
#define TDXVFS_KEYSERVER_ACCEPT_LOOP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
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

  // Connections that live now, and how many were refused so far.
  std::size_t living() const { return living_; }
  std::uint64_t refused() const { return refused_; }

  // Those above it stay; no new one comes in while they do.
  void SetMaxConnections(std::size_t most) { max_connections_ = most; }

  // Closes the listener; connections that were handed over live on. A second
  // call does nothing.
  void Stop();

 private:
  explicit AcceptLoop(Door door)
      : door_(std::move(door)), max_connections_(door_.max_connections) {}
  void Run();
  void AcceptAll();
  void Keep(UniqueFd connection);
  Result<void> Watch(int descriptor, unsigned int events) const;

  Door door_;
  UniqueFd epoll_;
  UniqueFd stop_;
  std::map<int, UniqueFd> watched_;
  std::atomic<std::size_t> max_connections_;
  std::atomic<std::size_t> living_ = 0;  // of watched_
  std::atomic<std::uint64_t> refused_ = 0;
  std::thread thread_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ACCEPT_LOOP_H_

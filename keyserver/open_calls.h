// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_OPEN_CALLS_H_
#define TDXVFS_KEYSERVER_OPEN_CALLS_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace tdxvfs::keyserver {

// Calls of a service that are under way, with the jobs that they left behind.
// Destroying it waits until there are none, so what they use may go right after
// it. gRPC keeps the same order when it shuts down, but with locks of its own,
// which a race detector does not see, and knows nothing of jobs. Thread-safe.
class OpenCalls {
 public:
  // One call's. In a stream it is the first member, so that it goes last.
  class Place {
   public:
    // `calls` waits for it.
    explicit Place(OpenCalls* calls) : calls_(calls) {
      const std::lock_guard lock(calls_->mutex_);
      ++calls_->count_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      // Under the lock: whoever waits destroys what is notified.
      const std::lock_guard lock(calls_->mutex_);
      if (--calls_->count_ == 0) {
        calls_->none_left_.notify_all();
      }
    }

   private:
    OpenCalls* const calls_;
  };

  OpenCalls() = default;
  OpenCalls(const OpenCalls&) = delete;
  OpenCalls& operator=(const OpenCalls&) = delete;
  ~OpenCalls() { Wait(); }

  // Until there are none. Others may begin behind it, unless nobody can call.
  void Wait() {
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t count_ = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_OPEN_CALLS_H_

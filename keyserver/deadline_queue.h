// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_DEADLINE_QUEUE_H_
#define TDXVFS_KEYSERVER_DEADLINE_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace tdxvfs::keyserver {

// Calls back when a time has come, on one thread of its own. Callbacks must be
// short and must not block. Thread-safe.
class DeadlineQueue {
 public:
  // Never 0, so that 0 can stand for "none".
  using Id = std::uint64_t;

  DeadlineQueue();
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;
  // What has not come due is dropped.
  ~DeadlineQueue();

  Id After(std::chrono::steady_clock::duration delay,
           std::function<void()> callback);
  // Drops a callback; one that has begun runs on. Cancelling twice, or 0, does
  // nothing.
  void Cancel(Id id);

 private:
  using Key = std::pair<std::chrono::steady_clock::time_point, Id>;
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, std::function<void()>> callbacks_;
  std::map<Id, std::chrono::steady_clock::time_point> due_;
  // When the thread will look again; a later deadline need not wake it.
  std::chrono::steady_clock::time_point next_look_;
  Id last_id_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_DEADLINE_QUEUE_H_

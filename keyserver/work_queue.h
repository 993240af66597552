// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_WORK_QUEUE_H_
#define TDXVFS_KEYSERVER_WORK_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tdxvfs::keyserver {

// Threads for work that blocks (verification, the store, the audit log's sync),
// so that gRPC's own threads never do. Jobs that wait for one sync together
// share it. Thread-safe; the destructor runs every job that was posted.
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t threads);
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue();

  void Post(std::function<void()> job);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_WORK_QUEUE_H_

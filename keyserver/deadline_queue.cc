// SPDX-License-Identifier: Apache-2.0
#include "keyserver/deadline_queue.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::chrono::hours kLongestWait{1};

}  // namespace

DeadlineQueue::DeadlineQueue() {
  thread_ = std::thread([this] { Run(); });
}

DeadlineQueue::~DeadlineQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

DeadlineQueue::Id DeadlineQueue::After(
    std::chrono::steady_clock::duration delay, std::function<void()> callback) {
  const auto due = std::chrono::steady_clock::now() + delay;
  const std::lock_guard lock(mutex_);
  const Id id = ++last_id_;
  callbacks_.emplace(Key{due, id}, std::move(callback));
  due_.emplace(id, due);
  if (due < next_look_) {
    changed_.notify_one();
  }
  return id;
}

void DeadlineQueue::Cancel(Id id) {
  std::function<void()> dropped;
  const std::lock_guard lock(mutex_);
  const auto due = due_.find(id);
  if (due == due_.end()) {
    return;
  }
  const auto entry = callbacks_.find(Key{due->second, id});
  // What the callback holds is destroyed after the lock.
  dropped = std::move(entry->second);
  callbacks_.erase(entry);
  due_.erase(due);
}

void DeadlineQueue::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    const auto first = callbacks_.begin();
    next_look_ =
        first == callbacks_.end() ? now + kLongestWait : first->first.first;
    if (now < next_look_) {
      changed_.wait_until(lock, next_look_);
      continue;
    }
    std::function<void()> callback = std::move(first->second);
    due_.erase(first->first.second);
    callbacks_.erase(first);
    lock.unlock();
    callback();
    callback = nullptr;
    lock.lock();
  }
}

}  // namespace tdxvfs::keyserver

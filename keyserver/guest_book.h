// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_GUEST_BOOK_H_
#define TDXVFS_KEYSERVER_GUEST_BOOK_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"
#include "keyserver/keys/key_store.h"

namespace tdxvfs::keyserver {

// Remembers which guests got which version until they are written to the store
// together: a release does not wait for it, and what a killed server had not
// written yet is in the audit log. Thread-safe.
class GuestBook {
 public:
  // `peer` is gRPC's, "ipv4:192.0.2.1:4711"; its port is left out.
  void Note(std::string_view volume, std::uint32_t version,
            std::string_view peer, std::chrono::system_clock::time_point now);
  // Writes what was noted, without holding up whoever notes meanwhile. What
  // could not be written stays for the next time. Calls wait for each other, so
  // that after each all is written that was noted before it.
  Result<void> Flush(KeyStore* store);

 private:
  using Guests = std::map<std::pair<std::uint32_t, std::string>, GuestSeen>;
  using Volumes = std::map<std::string, Guests, std::less<>>;

  void Add(const std::string& volume, const GuestSeen& guest);

  std::mutex flushing_;  // taken first
  std::mutex mutex_;
  Volumes volumes_;
  std::size_t count_ = 0;  // of guests in it
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_GUEST_BOOK_H_

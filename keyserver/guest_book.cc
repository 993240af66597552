// SPDX-License-Identifier: Apache-2.0
#include "keyserver/guest_book.h"

#include <algorithm>
#include <vector>

namespace tdxvfs::keyserver {
namespace {

// More than arrive between two flushes; those above it are in the audit log.
constexpr std::size_t kMaxNoted = 65536;

std::string_view WithoutPort(std::string_view peer) {
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

void GuestBook::Note(std::string_view volume, std::uint32_t version,
                     std::string_view peer,
                     std::chrono::system_clock::time_point now) {
  GuestSeen guest;
  guest.version = version;
  guest.peer = WithoutPort(peer);
  guest.last = std::chrono::floor<std::chrono::seconds>(now);
  guest.releases = 1;
  const std::lock_guard lock(mutex_);
  Add(std::string(volume), guest);
}

// Under the lock.
void GuestBook::Add(const std::string& volume, const GuestSeen& guest) {
  if (count_ >= kMaxNoted) {
    return;
  }
  const auto [entry, is_new] =
      volumes_[volume].try_emplace({guest.version, guest.peer}, guest);
  if (is_new) {
    ++count_;
    return;
  }
  entry->second.last = std::max(entry->second.last, guest.last);
  entry->second.releases += guest.releases;
}

Result<void> GuestBook::Flush(KeyStore* store) {
  const std::lock_guard one(flushing_);
  Volumes noted;
  {
    const std::lock_guard lock(mutex_);
    noted.swap(volumes_);
    count_ = 0;
  }
  Result<void> written;
  while (written.has_value() && !noted.empty()) {
    const auto& [volume, guests] = *noted.begin();
    std::vector<GuestSeen> seen;
    seen.reserve(guests.size());
    for (const auto& [key, guest] : guests) {
      seen.push_back(guest);
    }
    written = store->NoteGuests(volume, seen);
    if (written.has_value()) {
      noted.erase(noted.begin());
    }
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [volume, guests] : noted) {
    for (const auto& [key, guest] : guests) {
      Add(volume, guest);
    }
  }
  return written;
}

}  // namespace tdxvfs::keyserver

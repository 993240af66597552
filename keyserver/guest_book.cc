// SPDX-License-Identifier: Apache-2.0
#include "keyserver/guest_book.h"

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
  std::string address(WithoutPort(peer));
  const std::lock_guard lock(mutex_);
  if (count_ >= kMaxNoted) {
    return;
  }
  Guests& guests = volumes_[std::string(volume)];
  const auto [entry, is_new] = guests.try_emplace({version, address});
  GuestSeen& guest = entry->second;
  if (is_new) {
    guest.version = version;
    guest.peer = std::move(address);
    ++count_;
  }
  guest.last = std::chrono::floor<std::chrono::seconds>(now);
  ++guest.releases;
}

Result<void> GuestBook::Flush(KeyStore* store) {
  const std::lock_guard lock(mutex_);
  while (!volumes_.empty()) {
    const auto& [volume, guests] = *volumes_.begin();
    std::vector<GuestSeen> seen;
    seen.reserve(guests.size());
    for (const auto& [key, guest] : guests) {
      seen.push_back(guest);
    }
    RETURN_IF_ERROR(store->NoteGuests(volume, seen));
    count_ -= seen.size();
    volumes_.erase(volumes_.begin());
  }
  return {};
}

}  // namespace tdxvfs::keyserver

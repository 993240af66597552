// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/admin_change.h"

#include <algorithm>

#include "common/log.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxAuthorSize = 64;

}  // namespace

void LogChange(const std::string& volume, const std::string& what) {
  Log(LogLevel::kInfo, Event::kAdminChange, "volume '" + volume + "': " + what,
      {.volume = volume});
}

Result<std::string> AuthorOf(const Administrator& caller,
                             std::string_view claimed) {
  if (!caller.local) {
    return caller.name;
  }
  const bool printable = std::ranges::none_of(
      claimed, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  if (claimed.size() > kMaxAuthorSize || !printable) {
    return Error(Reason::kUsage, "author is not a name of at most 64 bytes");
  }
  return std::string(claimed);
}

}  // namespace tdxvfs::keyserver

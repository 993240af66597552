// SPDX-License-Identifier: Apache-2.0
#include "cli/caller_name.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxSize = 64;
constexpr std::size_t kBufferSize = 4096;

std::string NameOf(uid_t user) {
  std::array<char, kBufferSize> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return "uid " + std::to_string(user);
  }
  return entry.pw_name;
}

}  // namespace

std::string CallerName() {
  const char* const asked = getenv("SUDO_USER");
  std::string name = geteuid() == 0 && asked != nullptr && *asked != '\0'
                         ? asked
                         : NameOf(geteuid());
  name.resize(std::min(name.size(), kMaxSize));
  for (char& c : name) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) {
      c = '?';
    }
  }
  return name;
}

}  // namespace tdxvfs::cli

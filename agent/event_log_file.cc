// SPDX-License-Identifier: Apache-2.0
#include "agent/event_log_file.h"

#include <algorithm>
#include <string>

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::agent {
namespace {

// td-shim reserves a megabyte.
constexpr std::size_t kMaxArea = std::size_t{1} << 20U;
// An event may end with bytes that look like fill.
constexpr std::size_t kKeptFill = 4096;

}  // namespace

Result<std::vector<std::uint8_t>> ReadEventLog(
    const std::filesystem::path& path) {
  auto area = ReadFile(path, kMaxArea);
  if (!area.has_value()) {
    if (area.error().reason() == Reason::kFileNotFound) {
      return std::vector<std::uint8_t>();
    }
    return std::move(area).error();
  }
  const auto bytes = AsBytes(*area);
  const auto last = std::find_if(
      bytes.rbegin(), bytes.rend(),
      [](std::uint8_t byte) { return byte != 0x00 && byte != 0xff; });
  const auto used = static_cast<std::size_t>(bytes.rend() - last);
  const auto log = bytes.first(std::min(bytes.size(), used + kKeptFill));
  if (log.size() > kMaxSentEventLog) {
    return Error(Reason::kFileInvalid,
                 "event log '" + path.string() + "': more than " +
                     std::to_string(kMaxSentEventLog) + " bytes are in use");
  }
  return std::vector<std::uint8_t>(log.begin(), log.end());
}

}  // namespace tdxvfs::agent

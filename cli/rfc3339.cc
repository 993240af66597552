// SPDX-License-Identifier: Apache-2.0
#include "cli/rfc3339.h"

#include <algorithm>
#include <optional>
#include <string>

#include "attest/verify/utc_time.h"
#include "common/clock.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kToSeconds = 19;  // of the text, YYYY-MM-DDThh:mm:ss

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// The text by its pattern: `#` is a digit, anything else itself.
bool Matches(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char character, char wanted) {
                      return wanted == '#' ? IsDigit(character)
                                           : character == wanted;
                    });
}

int Number(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    number = number * 10 + (digit - '0');
  }
  return number;
}

// Minutes east of UTC, or nothing.
std::optional<std::chrono::minutes> ParseOffset(std::string_view text) {
  using std::chrono::minutes;
  if (text == "Z") {
    return minutes(0);
  }
  if (!Matches(text, "+##:##") && !Matches(text, "-##:##")) {
    return std::nullopt;
  }
  const int hours = Number(text.substr(1, 2));
  const int rest = Number(text.substr(4, 2));
  if (hours > 23 || rest > 59) {
    return std::nullopt;
  }
  const minutes offset(hours * 60 + rest);
  return text[0] == '-' ? -offset : offset;
}

std::optional<std::chrono::system_clock::time_point> Parse(
    std::string_view text) {
  // In its own zone, for now.
  const auto local =
      verify::ParseUtcSeconds(std::string(text.substr(0, kToSeconds)) + "Z");
  if (!local.has_value()) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(kToSeconds);
  if (rest.starts_with('.')) {
    const auto* const end =
        std::find_if_not(rest.begin() + 1, rest.end(), IsDigit);
    if (end == rest.begin() + 1) {
      return std::nullopt;
    }
    rest = rest.substr(static_cast<std::size_t>(end - rest.begin()));
  }
  const auto offset = ParseOffset(rest);
  if (!offset.has_value()) {
    return std::nullopt;
  }
  return NearestTime(*local - *offset);
}

}  // namespace

Result<std::chrono::system_clock::time_point> ParseRfc3339(
    std::string_view text) {
  const auto time = Parse(text);
  if (!time.has_value()) {
    return Error(Reason::kUsage, "time '" + std::string(text) +
                                     "' is not like 2026-01-31T12:00:00Z");
  }
  return *time;
}

}  // namespace tdxvfs::cli

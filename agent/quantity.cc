// SPDX-License-Identifier: Apache-2.0
#include "agent/quantity.h"

#include <array>
#include <charconv>
#include <span>

namespace tdxvfs::agent {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kTimeUnits{
    {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
constexpr std::uint64_t kMaxSeconds = 366ULL * 86400;

constexpr std::array<Unit, 4> kSizeUnits{{{"B", 1},
                                          {"KiB", 1ULL << 10U},
                                          {"MiB", 1ULL << 20U},
                                          {"GiB", 1ULL << 30U}}};
constexpr std::uint64_t kMaxByteSize = 1ULL << 40U;

// NUMBER [SPACE] UNIT with nothing before, between or after.
Result<std::uint64_t> ParseQuantity(std::string_view text,
                                    std::span<const Unit> units,
                                    std::uint64_t largest,
                                    std::string_view example) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.starts_with(' ')) {
    unit.remove_prefix(1);
  }
  if (failure == std::errc()) {
    for (const Unit& known : units) {
      if (known.name == unit && number <= largest / known.factor) {
        return number * known.factor;
      }
    }
  }
  return Error(
      Reason::kConfigInvalid,
      "'" + std::string(text) + "' is not like " + std::string(example));
}

}  // namespace

Result<std::chrono::seconds> ParseDuration(std::string_view text) {
  ASSIGN_OR_RETURN(
      const std::uint64_t seconds,
      ParseQuantity(text, kTimeUnits, kMaxSeconds, R"("90s", "10m" or "2h")"));
  return std::chrono::seconds(seconds);
}

Result<std::uint64_t> ParseSize(std::string_view text) {
  return ParseQuantity(text, kSizeUnits, kMaxByteSize,
                       R"("1 MiB" or "64 KiB")");
}

std::string DurationText(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds < 60) {
    return std::to_string(seconds) + " s";
  }
  if (seconds < 3600) {
    return std::to_string(seconds / 60) + " min " +
           std::to_string(seconds % 60) + " s";
  }
  return std::to_string(seconds / 3600) + " h " +
         std::to_string(seconds / 60 % 60) + " min";
}

}  // namespace tdxvfs::agent

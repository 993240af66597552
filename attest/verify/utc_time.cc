// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/utc_time.h"

#include "common/clock.h"

namespace tdxvfs::verify {
namespace {

// A digit stands where the shape has one, any other letter for itself.
constexpr std::string_view kShape = "0000-00-00T00:00:00Z";

bool HasShape(std::string_view text) {
  if (text.size() != kShape.size()) {
    return false;
  }
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !is_digit : text[i] != kShape[i]) {
      return false;
    }
  }
  return true;
}

int Number(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    number = number * 10 + (digit - '0');
  }
  return number;
}

}  // namespace

std::optional<std::chrono::sys_seconds> ParseUtcSeconds(std::string_view text) {
  if (!HasShape(text)) {
    return std::nullopt;
  }
  namespace chrono = std::chrono;
  const chrono::year_month_day date{
      chrono::year(Number(text.substr(0, 4))),
      chrono::month(static_cast<unsigned>(Number(text.substr(5, 2)))),
      chrono::day(static_cast<unsigned>(Number(text.substr(8, 2))))};
  const int hour = Number(text.substr(11, 2));
  const int minute = Number(text.substr(14, 2));
  const int second = Number(text.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return chrono::sys_days(date) + chrono::hours(hour) +
         chrono::minutes(minute) + chrono::seconds(second);
}

std::optional<std::chrono::system_clock::time_point> ParseUtcTime(
    std::string_view text) {
  const auto seconds = ParseUtcSeconds(text);
  return seconds.has_value() ? std::optional(NearestTime(*seconds))
                             : std::nullopt;
}

std::string UtcText(std::chrono::system_clock::time_point time) {
  namespace chrono = std::chrono;
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(chrono::floor<chrono::seconds>(time - day));
  std::string text(kShape);
  // Digits of `number` into `text`, the last of them at `last`.
  const auto write = [&text](std::size_t last, int digits, long number) {
    for (; digits > 0; --digits, --last, number /= 10) {
      text.at(last) = static_cast<char>('0' + number % 10);
    }
  };
  write(3, 4, static_cast<int>(date.year()));
  write(6, 2, static_cast<unsigned>(date.month()));
  write(9, 2, static_cast<unsigned>(date.day()));
  write(12, 2, clock.hours().count());
  write(15, 2, clock.minutes().count());
  write(18, 2, clock.seconds().count());
  return text;
}

}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/utc_date.h"

#include <algorithm>

namespace tdxvfs::policy {
namespace {

constexpr int kMostRelativeDays = 3650;

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// Of at most four digits.
int Number(std::string_view digits) {
  int number = 0;
  for (const char digit : digits) {
    number = 10 * number + (digit - '0');
  }
  return number;
}

std::string Padded(unsigned number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

}  // namespace

std::optional<Date> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !AllDigits(text.substr(0, 4)) || !AllDigits(text.substr(5, 2)) ||
      !AllDigits(text.substr(8, 2))) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(
      std::chrono::year(Number(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(Number(text.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(Number(text.substr(8, 2)))));
  if (!date.ok()) {
    return std::nullopt;
  }
  return Date(date);
}

std::string DateText(Date date) {
  const std::chrono::year_month_day parts(date);
  return Padded(static_cast<unsigned>(static_cast<int>(parts.year())), 4) +
         "-" + Padded(static_cast<unsigned>(parts.month()), 2) + "-" +
         Padded(static_cast<unsigned>(parts.day()), 2);
}

Date DayOf(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::days>(time);
}

std::optional<std::chrono::days> ParseDays(std::string_view text) {
  if (text.size() < 3 || text.size() > 6 || text.front() != 'P' ||
      text.back() != 'D') {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(1, text.size() - 2);
  if (!AllDigits(digits) || digits.front() == '0' ||
      Number(digits) > kMostRelativeDays) {
    return std::nullopt;
  }
  return std::chrono::days(Number(digits));
}

}  // namespace tdxvfs::policy

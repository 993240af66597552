// SPDX-License-Identifier: Apache-2.0
#include "common/time_left.h"

namespace tdxvfs {
namespace {

template <typename Unit>
std::string Count(std::chrono::nanoseconds left, const char* unit) {
  return std::to_string(std::chrono::floor<Unit>(left).count()) + unit;
}

}  // namespace

std::string TimeLeft(std::chrono::nanoseconds left) {
  if (left >= std::chrono::days(2)) {
    return Count<std::chrono::days>(left, " days");
  }
  if (left >= std::chrono::hours(2)) {
    return Count<std::chrono::hours>(left, " hours");
  }
  if (left >= std::chrono::minutes(2)) {
    return Count<std::chrono::minutes>(left, " minutes");
  }
  return "less than 2 minutes";
}

}  // namespace tdxvfs

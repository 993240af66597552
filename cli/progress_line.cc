// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <utility>

#include "cli/binary_units.h"

namespace tdxvfs::cli {
namespace {

// Back to the first column, and clear the line (ECMA-48 EL).
constexpr const char* kClearLine = "\r\x1b[K";
constexpr std::chrono::milliseconds kBetween{200};

std::string RestText(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds) + 1;
  if (whole < 60) {
    return std::to_string(whole) + " s left";
  }
  if (whole < 3600) {
    return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) +
           " s left";
  }
  return std::to_string(whole / 3600) + " h " +
         std::to_string(whole / 60 % 60) + " min left";
}

std::string Mebibytes(double bytes) {
  return std::to_string(static_cast<std::uint64_t>(bytes) / kMebibyte) + " MiB";
}

}  // namespace

std::string ProgressText(std::uint64_t done, std::uint64_t total,
                         std::chrono::milliseconds elapsed) {
  const auto ready = static_cast<double>(done);
  const auto all = static_cast<double>(total);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double rate = seconds > 0 ? ready / seconds : 0;
  std::string text =
      total == 0 ? Mebibytes(ready)
                 : std::to_string(static_cast<int>(ready * 100.0 / all)) +
                       " % of " + Mebibytes(all);
  if (rate > 0) {
    text += ", " + Mebibytes(rate) + "/s";
    if (total > done) {
      text += ", " + RestText((all - ready) / rate);
    }
  }
  return text;
}

ProgressLine::ProgressLine(const Console& console, std::string action)
    : console_(console), action_(std::move(action)) {}

ProgressLine::~ProgressLine() {
  if (shown_) {
    console_.err << kClearLine << std::flush;
  }
}

void ProgressLine::Show(std::uint64_t done, std::uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (!console_.progress || now < next_) {
    return;
  }
  next_ = now + kBetween;
  shown_ = true;
  console_.err << kClearLine << action_ << ": "
               << ProgressText(
                      done, total,
                      std::chrono::duration_cast<std::chrono::milliseconds>(
                          now - start_))
               << std::flush;
}

}  // namespace tdxvfs::cli

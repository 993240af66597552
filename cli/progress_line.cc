// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>

#include "cli/binary_units.h"
#include "common/exit_report.h"

namespace tdxvfs::cli {
namespace {

// Back to the first column, and clear the line (ECMA-48 EL).
constexpr const char* kClearLine = "\r\x1b[K";
constexpr std::chrono::milliseconds kBetween{200};
constexpr double kLeastTime = 0.1;  // seconds, before there is a rate

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

// Of standard error; 0 when it is no terminal or does not tell.
std::size_t TerminalColumns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

std::string ProgressText(std::uint64_t done, std::uint64_t total,
                         std::chrono::milliseconds elapsed) {
  const auto ready = static_cast<double>(done);
  const auto all = static_cast<double>(total);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double rate =
      seconds >= kLeastTime && ready >= kMebibyte ? ready / seconds : 0;
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

std::string FitProgress(const std::string& action, const std::string& text,
                        std::size_t columns) {
  std::string line = action + ": " + text;
  // A character in the last column may already begin the next line.
  const std::size_t room = columns == 0 ? line.size() : columns - 1;
  constexpr std::string_view cut = "...: ";
  if (line.size() <= room) {
    return line;
  }
  if (text.size() + cut.size() >= room) {
    return text.substr(0, room);
  }
  return action.substr(0, room - text.size() - cut.size()) + std::string(cut) +
         text;
}

ProgressLine::ProgressLine(const Console& console, std::string_view action)
    : console_(console), action_(OneLine(action)) {}

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
  const std::string text = ProgressText(
      done, total,
      std::chrono::duration_cast<std::chrono::milliseconds>(now - start_));
  console_.err << kClearLine << FitProgress(action_, text, TerminalColumns())
               << std::flush;
}

}  // namespace tdxvfs::cli

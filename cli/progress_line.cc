// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <utility>

namespace tdxvfs::cli {
namespace {

// Back to the first column, and clear the line (ECMA-48 EL).
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

ProgressLine::ProgressLine(const Console& console, std::string action)
    : console_(console), action_(std::move(action)) {}

ProgressLine::~ProgressLine() {
  if (shown_percent_ >= 0) {
    console_.err << kClearLine << std::flush;
  }
}

void ProgressLine::Show(std::uint64_t done, std::uint64_t total) {
  if (!console_.progress || total == 0) {
    return;
  }
  const int percent = static_cast<int>(static_cast<double>(done) * 100.0 /
                                       static_cast<double>(total));
  if (percent == shown_percent_) {
    return;
  }
  shown_percent_ = percent;
  console_.err << kClearLine << action_ << ": " << percent << " % of "
               << total / 1024 << " KiB" << std::flush;
}

}  // namespace tdxvfs::cli

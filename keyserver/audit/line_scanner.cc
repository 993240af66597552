// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/line_scanner.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace tdxvfs::keyserver {
namespace {

constexpr off_t kScanBlock = 256L * 1024;

}  // namespace

Result<std::string> ReadRange(int file, off_t offset, std::size_t size) {
  std::string block(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t count = pread(file, &block[used], size - used,
                                offset + static_cast<off_t>(used));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return SystemError(Reason::kAuditUnavailable, "read audit log", errno);
    }
    if (count == 0) {
      return Error(Reason::kAuditUnavailable,
                   "read audit log: it became shorter while being read");
    }
    used += static_cast<std::size_t>(count);
  }
  return block;
}

Result<void> ScanLinesBackward(
    int file, off_t size,
    const std::function<bool(std::string_view line)>& visit) {
  // What was read of the line whose beginning lies in an earlier block.
  std::string rest;
  off_t offset = size;
  while (offset > 0) {
    const off_t start = std::max<off_t>(0, offset - kScanBlock);
    ASSIGN_OR_RETURN(
        std::string block,
        ReadRange(file, start, static_cast<std::size_t>(offset - start)));
    block += rest;
    std::string_view text = block;
    std::size_t newline = text.rfind('\n');
    while (newline != std::string_view::npos) {
      const std::string_view line = text.substr(newline + 1);
      if (!line.empty() && !visit(line)) {
        return {};
      }
      text = text.substr(0, newline);
      newline = text.rfind('\n');
    }
    rest = std::string(text);
    offset = start;
  }
  if (!rest.empty()) {
    visit(rest);
  }
  return {};
}

Result<void> ScanLinesForward(
    int file, off_t offset, off_t size,
    const std::function<bool(std::string_view line)>& visit) {
  // What was read of the line whose end lies in a later block.
  std::string rest;
  while (offset < size) {
    const off_t count = std::min(kScanBlock, size - offset);
    ASSIGN_OR_RETURN(const std::string block,
                     ReadRange(file, offset, static_cast<std::size_t>(count)));
    rest += block;
    std::string_view text = rest;
    std::size_t newline = text.find('\n');
    while (newline != std::string_view::npos) {
      if (!visit(text.substr(0, newline))) {
        return {};
      }
      text.remove_prefix(newline + 1);
      newline = text.find('\n');
    }
    rest = std::string(text);
    offset += count;
  }
  return {};
}

Result<off_t> EndOfLastLine(int file, off_t size) {
  off_t offset = size;
  while (offset > 0) {
    const off_t start = std::max<off_t>(0, offset - kScanBlock);
    ASSIGN_OR_RETURN(
        const std::string block,
        ReadRange(file, start, static_cast<std::size_t>(offset - start)));
    const std::size_t newline = block.rfind('\n');
    if (newline != std::string::npos) {
      return start + static_cast<off_t>(newline) + 1;
    }
    offset = start;
  }
  return 0;
}

}  // namespace tdxvfs::keyserver

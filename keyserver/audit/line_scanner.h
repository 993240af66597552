// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_LINE_SCANNER_H_
#define TDXVFS_KEYSERVER_AUDIT_LINE_SCANNER_H_

#include <sys/types.h>

#include <functional>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::keyserver {

// Gives the complete lines of the first `size` bytes of a file to `visit`, last
// one first and without newlines, until it returns false. Reads in blocks, so
// that the newest lines of a large file are cheap. Fails with
// kAuditUnavailable.
Result<void> ScanLinesBackward(
    int file, off_t size,
    const std::function<bool(std::string_view line)>& visit);

// The same from `offset`, where a line begins, first one first.
Result<void> ScanLinesForward(
    int file, off_t offset, off_t size,
    const std::function<bool(std::string_view line)>& visit);

// The bytes from one offset to another. Fails with kAuditUnavailable.
Result<std::string> ReadRange(int file, off_t offset, std::size_t size);

// The offset behind the last newline of the first `size` bytes, 0 when there is
// none.
Result<off_t> EndOfLastLine(int file, off_t size);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_LINE_SCANNER_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_EXIT_REPORT_H_
#define TDXVFS_COMMON_EXIT_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace tdxvfs {

// How a program tells that it failed: lines for people, or one JSON object a
// line for machines (`--json`).
enum class ReportFormat : std::uint8_t { kText, kJson };

// The text for standard error, newline included:
//   PROGRAM: error: CONTEXT: MESSAGE
//   PROGRAM: hint: HINT
// (no second line when the reason has no hint, or only one about an audit id
// that this error does not have), or
//   {"reason":..,"message":..,"hint":..,"audit_id":..}
// where hint and audit_id are null when there is none.
std::string ExitReport(std::string_view program, const Error& error,
                       ReportFormat format);

// Writes the report to standard error and returns the exit code of the
// reason's family. The only place where a program prints an error.
int ReportAndExitCode(std::string_view program, const Error& error,
                      ReportFormat format);

// Text that is safe on one line of a terminal: control characters, which a
// file name or a server's answer may carry, become \xNN.
std::string OneLine(std::string_view text);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_EXIT_REPORT_H_

// SPDX-License-Identifier: Apache-2.0
#include "common/exit_report.h"

#include <array>
#include <cstdio>

#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs {
namespace {

// The reason's hint, or nothing when there is none to act on: some send the
// user to the operator with the audit id, which only a server's refusal has.
std::string_view HintFor(const Error& error) {
  const std::string_view hint = InfoOf(error.reason()).hint;
  if (error.audit_id().empty() &&
      hint.find("the audit id") != std::string_view::npos) {
    return {};
  }
  return hint;
}

std::string TextReport(std::string_view program, const Error& error) {
  const std::string prefix = std::string(program) + ": ";
  std::string text = prefix + "error: " + OneLine(error.ToString());
  if (!error.audit_id().empty()) {
    text += " (audit id " + OneLine(error.audit_id()) + ")";
  }
  text += "\n";
  const std::string_view hint = HintFor(error);
  if (!hint.empty()) {
    text += prefix + "hint: " + std::string(hint) + "\n";
  }
  return text;
}

std::string JsonReport(const Error& error) {
  const std::string_view hint = HintFor(error);
  JsonObject report;
  report.String("reason", InfoOf(error.reason()).slug)
      .String("message", error.ToString());
  if (hint.empty()) {
    report.Null("hint");
  } else {
    report.String("hint", hint);
  }
  if (error.audit_id().empty()) {
    report.Null("audit_id");
  } else {
    report.String("audit_id", error.audit_id());
  }
  return report.Close() + "\n";
}

}  // namespace

std::string ExitReport(std::string_view program, const Error& error,
                       ReportFormat format) {
  return format == ReportFormat::kJson ? JsonReport(error)
                                       : TextReport(program, error);
}

int ReportAndExitCode(std::string_view program, const Error& error,
                      ReportFormat format) {
  const std::string report = ExitReport(program, error, format);
  // Nothing can be said when standard error itself is closed; the exit code
  // still tells.
  (void)std::fwrite(report.data(), 1, report.size(), stderr);
  return InfoOf(error.reason()).exit_code;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char character : text) {
    const auto byte = static_cast<std::uint8_t>(character);
    if (byte < 0x20 || byte == 0x7f) {
      line += "\\x" + ToHex(std::array<std::uint8_t, 1>{byte});
    } else {
      line += character;
    }
  }
  return line;
}

}  // namespace tdxvfs

// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "attest/tcb_status.h"
#include "cli/check_advice.h"
#include "cli/quote_verdict.h"
#include "cli/text_table.h"
#include "common/exit_report.h"

namespace tdxvfs::cli {
namespace {

// Longer findings of passed checks are cut in the table; --json has them all.
constexpr std::size_t kMaxFinding = 72;

std::string Cut(const std::string& text) {
  return text.size() <= kMaxFinding ? text
                                    : text.substr(0, kMaxFinding - 3) + "...";
}

std::string Remedy(const QuoteVerdict& verdict) {
  return verdict.remedy.empty() ? ""
                                : "remedy: " + OneLine(verdict.remedy) + "\n";
}

std::string StatusSentence(const QuoteVerdict& verdict) {
  if (!verdict.tcb.has_value()) {
    return "TCB status and revocation were not checked";
  }
  std::string text =
      "TCB status " + std::string(attest::TcbStatusName(verdict.tcb->status));
  if (!verdict.tcb_shortfall.empty()) {
    text += ": " + verdict.tcb_shortfall;
  }
  return text;
}

std::string Sentence(const QuoteVerdict& verdict) {
  if (!verdict.genuine) {
    return "refused: " + OneLine(verdict.failure) + "\n";
  }
  const std::string_view what =
      verdict.debug
          ? "genuine, but in debug mode: its host can read its memory"
          : "genuine: signed by a quoting enclave that the trust anchor "
            "vouches for";
  return std::string(what) + "; " + OneLine(StatusSentence(verdict)) + "\n";
}

}  // namespace

std::string VerdictTable(const QuoteVerdict& verdict) {
  TextTable table;
  for (const attest::Check& check : verdict.checks) {
    if (check.passed) {
      table.Row({"ok", check.name, Cut(check.actual)});
      continue;
    }
    table.Row({"FAILED", check.name});
    table.Row({"", "  about", std::string(AdviceFor(check.name).about)});
    table.Row({"", "  expected", check.expected});
    table.Row({"", "  found", check.actual});
    table.Row({"", "  rule", std::string(check.source)});
  }
  if (verdict.without_collateral) {
    const attest::Check check = CollateralNotChecked();
    table.Row({"-", check.name, "not checked: " + std::string(check.source)});
  }
  return table.Text() + "\n" + Sentence(verdict) + Remedy(verdict);
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/check_advice.h"
#include "cli/check_table.h"
#include "cli/commands.h"
#include "cli/decision_advice.h"
#include "cli/json_leaves.h"
#include "cli/short_value.h"
#include "cli/text_table.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string audit_id;
  std::string server;
  bool wide = false;
};

std::string CheckRows(const attest::Checks& checks, bool wide) {
  const auto shown = [wide](const std::string& text) {
    return wide ? text : ShortValue(text);
  };
  TextTable table({"", "CHECK", "EXPECTED", "ACTUAL", "VERDICT"});
  for (const attest::Check& check : checks) {
    table.Row({check.passed ? "" : ">>", check.name, shown(check.expected),
               shown(check.actual), check.passed ? "ok" : "DIFFERS"});
  }
  return table.Text();
}

// What each differing check is about and what to do.
std::string Differences(const attest::Checks& checks) {
  std::string text;
  for (const attest::Check& check : checks) {
    if (check.passed) {
      continue;
    }
    const CheckAdvice advice = AdviceFor(check);
    text += ">> " + check.name + ": " + std::string(advice.about) + "\n";
    if (!advice.to_do.empty()) {
      text += "   to do: " + std::string(advice.to_do) + "\n";
    }
  }
  return text.empty() ? text : text + "\n";
}

void PrintText(const std::vector<JsonLeaf>& record,
               const attest::Checks& checks, bool wide,
               const Console& console) {
  TextTable facts;
  facts.Row({"decision", LeafAt(record, "audit_id"), DecisionText(record)});
  for (const char* name : {"time", "volume", "peer"}) {
    facts.Row({name, LeafAt(record, name)});
  }
  console.out << facts.Text();
  // Beside the table, whose columns it would push apart.
  const std::string shortfall = LeafAt(record, "tcb_shortfall");
  if (!shortfall.empty()) {
    console.out << "platform  " << shortfall << "\n";
  }
  console.out << "\n";
  if (!checks.empty()) {
    console.out << CheckRows(checks, wide) << "\n" << Differences(checks);
  }
  const DecisionAdvice advice = AdviceFor(record, checks);
  console.out << advice.sentence << "\n";
  if (!advice.remedy.empty()) {
    console.out << "What to do: " << advice.remedy << ".\n";
  }
}

void PrintJson(const std::vector<JsonLeaf>& record,
               const attest::Checks& checks, const Console& console) {
  JsonArray rows;
  for (const attest::Check& check : checks) {
    const CheckAdvice advice = AdviceFor(check);
    rows.Raw(JsonObject()
                 .String("name", check.name)
                 .String("expected", check.expected)
                 .String("actual", check.actual)
                 .Boolean("passed", check.passed)
                 .String("source", check.source)
                 .String("about", advice.about)
                 .String("to_do", check.passed ? "" : advice.to_do)
                 .Close());
  }
  const DecisionAdvice advice = AdviceFor(record, checks);
  console.out << JsonObject()
                     .String("audit_id", LeafAt(record, "audit_id"))
                     .String("time", LeafAt(record, "time"))
                     .String("volume", LeafAt(record, "volume"))
                     .String("peer", LeafAt(record, "peer"))
                     .String("kind", LeafAt(record, "kind"))
                     .String("reason", LeafAt(record, "reason"))
                     .Raw("checks", rows.Close())
                     .String("sentence", advice.sentence)
                     .String("remedy", advice.remedy)
                     .Close()
              << "\n";
}

Result<void> AuditExplain(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string json, server.GetAudit(options.audit_id));
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> record,
                   ReadJsonLeaves(json).Context("audit record"));
  const attest::Checks checks = ChecksOfRecord(record);
  if (console.json()) {
    PrintJson(record, checks, console);
  } else {
    PrintText(record, checks, options.wide, console);
  }
  return {};
}

}  // namespace

void AddAuditExplain(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "audit", "explain",
      "say why a decision was made, check by check, and what to do",
      [options](const Console& console) {
        return AuditExplain(*options, console);
      });
  command.AddOption("ID", options->audit_id, "audit id, such as 7f3c-91")
      .Required();
  command.AddFlag("--wide", options->wide, "show long values in full");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

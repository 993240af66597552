// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/command_set.h"
#include "cli/commands.h"

namespace tdxvfs::cli {
namespace {

constexpr const char* kProgram = "tdxvfs";

// What needs no key server.
void AddOwnersGroups(CommandSet& commands) {
  commands.AddGroup("quote", "look at TDX and SGX quotes");
  AddQuoteInspect(commands);
  AddQuoteVerify(commands);
  commands.AddGroup("collateral", "fetch and look at Intel's collateral");
  AddCollateralFetch(commands);
  AddCollateralExport(commands);
  AddCollateralImport(commands);
  AddCollateralShow(commands);
  commands.AddGroup("volume", "make and look at encrypted volumes");
  AddVolumePack(commands);
  AddVolumeInspect(commands);
  AddVolumeVerify(commands);
  AddVolumeExtract(commands);
  AddVolumeDiff(commands);
  AddVolumeRepack(commands);
  AddVolumeImport(commands);
}

void AddServersGroups(CommandSet& commands) {
  commands.AddGroup("key", "administer the keys of a key server");
  AddKeyPut(commands);
  AddKeyImport(commands);
  AddKeyList(commands);
  AddKeyRetire(commands);
  AddKeyDisable(commands);
  AddKeyEnable(commands);
  AddKeyLimit(commands);
  AddKeyDelete(commands);
  AddKeyUndelete(commands);
  commands.AddGroup("policy", "administer who gets a volume's key");
  AddPolicyPut(commands);
  AddPolicyShow(commands);
  AddPolicyHistory(commands);
  AddPolicyDiff(commands);
  AddPolicyRollback(commands);
  AddPolicyFromQuote(commands);
  AddPolicyFromAudit(commands);
  AddPolicyTest(commands);
  commands.AddGroup("audit", "read a key server's decisions");
  AddAuditList(commands);
  AddAuditShow(commands);
  AddAuditExplain(commands);
  AddAuditExport(commands);
  AddAuditVerify(commands);
  commands.AddGroup("fleet", "look ahead at the guests of a key server");
  AddFleetForecast(commands);
}

int Report(const Console& console, const Error& error) {
  console.err << ExitReport(kProgram, error, console.format);
  return InfoOf(error.reason()).exit_code;
}

// Results that did not reach their reader are a failure: a full disk must not
// look like success.
Result<void> FlushResults(const Console& console) {
  console.out.flush();
  if (!console.out.good()) {
    return Error(Reason::kFileUnwritable, "standard output: write failed");
  }
  return {};
}

// CLI11's words, in the style of ours.
Error UsageError(const CLI::App& program, std::string message) {
  const auto unknown = program.remaining(true);
  if (message == "A subcommand is required" && !unknown.empty()) {
    return {Reason::kUsage, "unknown command '" + unknown.front() + "'"};
  }
  if (message == "A subcommand is required") {
    return {Reason::kUsage, "a command is required"};
  }
  std::replace(message.begin(), message.end(), '\n', ' ');
  return {Reason::kUsage, message};
}

// CLI11 tells every outcome of parsing but the plain one by throwing.
// Returns whether a command is to be run; otherwise `exit_code` is set.
bool Parse(CLI::App& program, const std::vector<std::string>& arguments,
           const Console& console, int& exit_code) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    program.parse(std::move(reversed));
    return true;
  } catch (const CLI::CallForVersion& version) {
    console.out << kProgram << " " << version.what() << "\n";
  } catch (const CLI::Success& help) {
    exit_code = program.exit(help, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    exit_code = Report(console, UsageError(program, error.what()));
    return false;
  }
  if (const auto flushed = FlushResults(console); !flushed.has_value()) {
    exit_code = Report(console, flushed.error());
  }
  return false;
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments,
                   const std::string& version, Console console) {
  // An error in the line itself is in the form that the line asks for, too.
  if (std::find(arguments.begin(), arguments.end(), "--json") !=
      arguments.end()) {
    console.format = ReportFormat::kJson;
  }
  CLI::App program("Encrypted volumes that only a measured TDX guest can open",
                   kProgram);
  program.set_version_flag("--version", version, "print the version");
  program.require_subcommand(1);
  CommandSet commands{Command(program)};
  AddOwnersGroups(commands);
  AddServersGroups(commands);

  int exit_code = 0;
  if (!Parse(program, arguments, console, exit_code)) {
    return exit_code;
  }
  auto done = commands.Run(console);
  auto flushed = FlushResults(console);
  if (!done.has_value()) {
    return Report(console, done.error());
  }
  if (!flushed.has_value()) {
    return Report(console, flushed.error());
  }
  return 0;
}

}  // namespace tdxvfs::cli

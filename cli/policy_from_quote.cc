// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "attest/event_log/event_log.h"
#include "cli/commands.h"
#include "cli/learned_policy.h"
#include "cli/quote_file.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

// What event_log::ParseEventLog takes, and one byte to see that it is more.
constexpr std::size_t kMaxEventLogFile = event_log::kMaxEventLogSize + 1;

struct Options {
  std::string file;
  std::string event_log;
  std::string expect;
};

Result<void> PolicyFromQuote(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const attest::Quote quote, LoadQuote(options.file));
  LearnedFrom guest{quote, {}};
  if (!options.event_log.empty()) {
    ASSIGN_OR_RETURN(const std::string log,
                     ReadFile(options.event_log, kMaxEventLogFile));
    const auto bytes = AsBytes(log);
    guest.event_log.assign(bytes.begin(), bytes.end());
  }
  ASSIGN_OR_RETURN(const std::string json,
                   LearnPolicy(guest, options.expect)
                       .Context("quote '" + options.file + "'"));
  console.out << json;
  return {};
}

}  // namespace

void AddPolicyFromQuote(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "from-quote",
      "print a policy that accepts exactly the guest that made a quote; "
      "'quote verify' tells whether the quote is genuine",
      [options](const Console& console) {
        return PolicyFromQuote(*options, console);
      });
  command.AddOption("FILE", options->file, "quote, from 'tdxvfs-agent quote'")
      .Required();
  command.AddOption("--event-log", options->event_log,
                    "the guest's event log "
                    "(/sys/firmware/acpi/tables/data/CCEL); the policy then "
                    "names kernel, initrd and command line too");
  command.AddOption("--expect", options->expect,
                    "policy with the values computed beforehand; every value "
                    "learned must be among them");
}

}  // namespace tdxvfs::cli

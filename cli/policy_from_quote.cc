// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/learned_policy.h"
#include "cli/quote_file.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string file;
  std::string expect;
};

Result<void> PolicyFromQuote(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const attest::Quote quote, LoadQuote(options.file));
  ASSIGN_OR_RETURN(const std::string json,
                   LearnPolicy(quote, options.expect)
                       .Context("quote '" + options.file + "'"));
  console.out << json;
  return {};
}

}  // namespace

void AddPolicyFromQuote(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = commands.Add(
      "policy", "from-quote",
      "print a policy that accepts exactly the guest that made a quote; "
      "'quote verify' tells whether the quote is genuine",
      [options](const Console& console) {
        return PolicyFromQuote(*options, console);
      });
  command.add_option("FILE", options->file, "quote, from 'tdxvfs-agent quote'")
      ->required();
  command.add_option("--expect", options->expect,
                     "policy with the values computed beforehand; every value "
                     "learned must be among them");
}

}  // namespace tdxvfs::cli

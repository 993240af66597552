// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "attest/verify/given_collateral.h"
#include "attest/verify/trust_anchor.h"
#include "attest/verify/verify_quote.h"
#include "cli/collateral_folder.h"
#include "cli/collateral_options.h"
#include "cli/collateral_sets.h"
#include "cli/commands.h"
#include "cli/quote_file.h"
#include "cli/quote_policy.h"
#include "cli/quote_verdict.h"
#include "cli/quote_verify_batch.h"
#include "cli/rfc3339.h"
#include "common/clock.h"

namespace tdxvfs::cli {
namespace {

// Instead of a folder: signatures and certificates only.
constexpr std::string_view kNoCollateral = "none";

struct Options {
  std::string file;
  std::string collateral;
  std::string trust_anchor;
  std::string at;
  std::string policy;
  std::string event_log;
  std::string config_digest;
  std::string batch;
};

Result<std::chrono::system_clock::time_point> TimeOf(const std::string& at) {
  if (at.empty()) {
    return SystemClock().Now();
  }
  return ParseRfc3339(at);
}

// Null what the folder does not have; both for --collateral none.
struct Given {
  std::unique_ptr<verify::GivenCollateral> collateral;
  std::unique_ptr<verify::PckChainSource> pck_chain;
};

Result<Given> LoadCollateral(const std::string& folder,
                             const verify::TrustAnchor& anchor) {
  Given given;
  if (folder == kNoCollateral) {
    return given;
  }
  ASSIGN_OR_RETURN(verify::CollateralDocuments documents,
                   ReadCollateralFolder(folder, {}));
  given.collateral =
      std::make_unique<verify::GivenCollateral>(std::move(documents), anchor);
  ASSIGN_OR_RETURN(given.pck_chain, ReadPckCertChain(folder, {}));
  return given;
}

void Print(const QuoteVerdict& verdict, const Console& console) {
  if (console.json()) {
    JsonObject object;
    AddVerdict(verdict, object);
    console.out << object.Close() << "\n";
  } else {
    console.out << VerdictTable(verdict);
  }
}

Result<void> VerifyOne(const Options& options,
                       const verify::TrustAnchor& anchor,
                       std::chrono::system_clock::time_point now,
                       const Console& console) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadQuoteFile(options.file));
  ASSIGN_OR_RETURN(const Given given,
                   LoadCollateral(options.collateral, anchor));
  ASSIGN_OR_RETURN(
      const Demands demands,
      LoadDemands(options.policy, options.event_log, options.config_digest));
  ASSIGN_OR_RETURN(QuoteVerdict verdict,
                   JudgeQuote(bytes, {anchor, now, given.collateral.get(),
                                      given.pck_chain.get()}));
  RETURN_IF_ERROR(ApplyDemands(demands, now, verdict));
  Print(verdict, console);
  if (!verdict.genuine) {
    return Error(verdict.reason,
                 "quote '" + options.file + "': " + verdict.failure);
  }
  return {};
}

Result<void> CheckUsage(const Options& options) {
  if (!options.batch.empty()) {
    if (!options.file.empty() || !options.collateral.empty() ||
        !options.policy.empty() || !options.event_log.empty()) {
      return Error(Reason::kUsage,
                   "--batch goes with --trust-anchor and --at only: its file "
                   "names quotes and collateral");
    }
    return {};
  }
  if (options.file.empty()) {
    return Error(Reason::kUsage, "FILE or --batch is required");
  }
  if (options.collateral.empty()) {
    return Error(Reason::kUsage,
                 "--collateral is required: a folder, or 'none' for signatures "
                 "and certificates only");
  }
  return {};
}

Result<void> QuoteVerify(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckUsage(options));
  ASSIGN_OR_RETURN(const auto now, TimeOf(options.at));
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  if (!options.batch.empty()) {
    return VerifyBatch(options.batch, anchor, now, console.out);
  }
  return VerifyOne(options, anchor, now, console);
}

}  // namespace

void AddQuoteVerify(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "quote", "verify",
      "tell whether a quote is genuine and how up to date its platform is; "
      "exit 0 when genuine, 5 when not",
      [options](const Console& console) {
        return QuoteVerify(*options, console);
      });
  command.AddOption("FILE", options->file, "quote");
  command.AddOption("--collateral", options->collateral,
                    "folder with tcb_info.json, tcb_signing_chain.pem, "
                    "qe_identity.json, root_ca_crl.der, pck_crl.der and "
                    "pck_crl_issuer_chain.pem, and pck_cert_chain.pem for a "
                    "quote that carries none; 'none': signatures and "
                    "certificates only");
  AddTrustAnchor(command, options->trust_anchor);
  command.AddOption("--at", options->at,
                    "time to judge at, RFC 3339 (default: now)");
  command.AddOption("--policy", options->policy,
                    "also tell whether this policy accepts the guest");
  command
      .AddOption("--config-digest", options->config_digest,
                 "the guest's configuration digest, 64 hex digits, for a "
                 "policy that pins it")
      .Needs("--policy");
  command.AddOption("--event-log", options->event_log,
                    "the guest's event log (CCEL data); it must lead to the "
                    "quoted registers");
  command.AddOption("--batch", options->batch,
                    "instead of FILE: a JSON list of vectors; prints one "
                    "object a line");
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "attest/pck_cert_id.h"
#include "attest/verify/pck_chain.h"
#include "cli/collateral_folder.h"
#include "cli/collateral_options.h"
#include "cli/collateral_sets.h"
#include "cli/commands.h"
#include "cli/quote_file.h"
#include "collateral/pcs_client.h"
#include "collateral/set_directory.h"
#include "collateral/vetting.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

// Types of certification data.
constexpr std::uint16_t kLastPckCertId = 3;
constexpr std::uint16_t kPckChain = 5;

struct Options {
  std::string fmspc;
  std::string quote;
  std::string tee = "tdx";
  std::string ca = "platform";
  std::string update = "standard";
  ServiceOptions service;
  std::string trust_anchor;
  std::string out;
};

// What is fetched: the set's name and, for a quote that does not carry it, the
// PCK chain.
struct Wanted {
  collateral::SetName name;
  std::string pck_cert_chain;
};

// The PCK chain that a quote carries or, by certification data of types 1 to 3,
// names.
Result<std::string> ChainOf(const attest::Quote& quote,
                            collateral::PcsClient* client, Wanted* wanted) {
  if (quote.certification_type == kPckChain) {
    return std::string(AsText(quote.certification_data));
  }
  if (quote.certification_type > kLastPckCertId) {
    return Error(Reason::kQuoteInvalid,
                 "no PCK chain in it (certification data type " +
                     std::to_string(quote.certification_type) + ")");
  }
  ASSIGN_OR_RETURN(const attest::PckCertId id, attest::ReadPckCertId(quote));
  ASSIGN_OR_RETURN(wanted->pck_cert_chain, client->FetchPckChain(id, {}));
  return wanted->pck_cert_chain;
}

// What a quote's PCK chain names, led to the anchor first: a made-up FMSPC is
// not worth a request.
Result<void> NameFromQuote(const std::string& file,
                           const verify::TrustAnchor& anchor,
                           collateral::PcsClient* client, Wanted* wanted) {
  ASSIGN_OR_RETURN(const attest::Quote quote, LoadQuote(file));
  const std::string where = "quote '" + file + "'";
  ASSIGN_OR_RETURN(const std::string pem,
                   ChainOf(quote, client, wanted).Context(where));
  ASSIGN_OR_RETURN(const verify::ChainOutcome outcome,
                   verify::VerifyPckChain(AsBytes(pem), anchor));
  if (outcome.chain == nullptr) {
    return Error(Reason::kQuoteInvalid, where + ": " + outcome.refusal.why);
  }
  wanted->name.tee = quote.tee;
  wanted->name.fmspc = outcome.chain->platform.fmspc;
  wanted->name.platform_ca = outcome.chain->platform.platform_ca;
  return {};
}

Result<Wanted> WantedSet(const Options& options,
                         const verify::TrustAnchor& anchor,
                         collateral::PcsClient* client) {
  Wanted wanted;
  ASSIGN_OR_RETURN(wanted.name.update, collateral::ParseUpdate(options.update));
  if (!options.quote.empty()) {
    RETURN_IF_ERROR(NameFromQuote(options.quote, anchor, client, &wanted));
    return wanted;
  }
  if (options.fmspc.empty()) {
    return Error(Reason::kUsage, "--fmspc or --quote says which platform");
  }
  ASSIGN_OR_RETURN(wanted.name.fmspc, collateral::ParseFmspc(options.fmspc));
  ASSIGN_OR_RETURN(wanted.name.tee, collateral::ParseTee(options.tee));
  ASSIGN_OR_RETURN(wanted.name.platform_ca, collateral::ParseCa(options.ca));
  return wanted;
}

Result<void> CollateralFetch(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  ASSIGN_OR_RETURN(const auto client, OpenService(options.service));
  ASSIGN_OR_RETURN(const Wanted wanted,
                   WantedSet(options, anchor, client.get()));
  collateral::NamedSet set;
  set.name = wanted.name;
  ASSIGN_OR_RETURN(set.documents, client->Fetch(set.name, {}));
  ASSIGN_OR_RETURN(
      const collateral::SharedCollateral collateral,
      collateral::VetSet(set, anchor, std::chrono::system_clock::now()));
  RETURN_IF_ERROR(collateral::WriteSetDirectory(options.out, set.documents));
  if (!wanted.pck_cert_chain.empty()) {
    RETURN_IF_ERROR(WritePckCertChain(options.out, wanted.pck_cert_chain));
  }
  const std::string expiry = JsonTime(collateral::ExpiryOf(*collateral));
  if (console.json()) {
    console.out << JsonObject()
                       .String("set", set.name.ToText())
                       .String("directory", options.out)
                       .String("earliest_expiry", expiry)
                       .Close()
                << "\n";
  } else {
    console.out << set.name.ToText() << " in " << options.out << ", expires "
                << expiry << "\n";
  }
  return {};
}

}  // namespace

void AddCollateralFetch(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("collateral", "fetch",
                   "fetch and verify the collateral of one kind of platform",
                   [options](const Console& console) {
                     return CollateralFetch(*options, console);
                   });
  command.AddOption("--fmspc", options->fmspc,
                    "kind of platform, 12 hex digits");
  command
      .AddOption("--quote", options->quote,
                 "take FMSPC, TEE and CA from this quote's PCK chain; one that "
                 "it only names is asked of --pccs and written, too")
      .Excludes("--fmspc");
  command.AddOption("--tee", options->tee, "tdx or sgx (default: tdx)")
      .Excludes("--quote");
  command
      .AddOption("--ca", options->ca,
                 "PCK CA, platform or processor (default: platform)")
      .Excludes("--quote");
  command.AddOption("--update", options->update,
                    "standard or early (default: standard)");
  AddServiceOptions(command, options->service);
  AddTrustAnchor(command, options->trust_anchor);
  command
      .AddOption("--out", options->out,
                 "directory for the six files; files there are replaced")
      .Required();
}

}  // namespace tdxvfs::cli

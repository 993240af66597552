// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_simulator.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "common/exit_report.h"
#include "common/file.h"
#include "common/hex.h"
#include "simulator/collateral_arguments.h"
#include "simulator/guest_quoter.h"
#include "simulator/pki.h"
#include "simulator/quote_answerer.h"
#include "simulator/quote_arguments.h"
#include "simulator/quote_signer.h"
#include "simulator/report_filesystem.h"
#include "simulator/run_pccs.h"

namespace tdxvfs::simulator {
namespace {

constexpr const char* kProgram = "tdxvfs-simulator";
// What Linux hands out is 70 bytes longer than the quote.
constexpr std::size_t kKernelPadding = 70;

struct Options {
  std::string folder;
  std::string ca = "platform";
  std::string fmspc;
  std::string tee = "tdx";
  CollateralOptions collateral;
  PccsArguments pccs;
  std::string report_data;
  std::string out;
  std::string device = "/dev/tdxvfs-simulator";
  std::string mount_point;
  QuoteArguments quote;
  bool json = false;
};

Result<void> MakePki(const Options& options) {
  Platform platform;
  if (!options.fmspc.empty()) {
    const auto fmspc = FromHex(options.fmspc);
    if (!fmspc.has_value() || fmspc->size() != platform.fmspc.size()) {
      return Error(Reason::kUsage, "--fmspc: not 12 hex digits");
    }
    std::ranges::copy(*fmspc, platform.fmspc.begin());
  }
  const PckCa ca =
      options.ca == "platform" ? PckCa::kPlatform : PckCa::kProcessor;
  ASSIGN_OR_RETURN(const Pki pki, Pki::Make(GoodPkiSpec(platform, ca)));
  return pki.Save(options.folder);
}

Result<void> MakeSetOfCollateral(const Options& options) {
  ASSIGN_OR_RETURN(const Pki pki, Pki::Load(options.folder));
  ASSIGN_OR_RETURN(const CollateralSpec spec,
                   CollateralSpecFromOptions(pki, options.collateral));
  ASSIGN_OR_RETURN(const Collateral collateral, MakeCollateral(pki, spec));
  return SaveCollateral(collateral, options.out);
}

// Of an enclave; nothing but its report data can be chosen.
Result<void> MakeSgxQuote(const Options& options, const Bytes& report_data) {
  if (!options.quote.measurements.empty() || options.quote.fault != "none") {
    return Error(Reason::kUsage,
                 "members of a TD report and faults are for --tee tdx");
  }
  ASSIGN_OR_RETURN(const Pki pki, Pki::Load(options.quote.pki));
  ASSIGN_OR_RETURN(const QuoteSigner signer,
                   QuoteSigner::Create(pki, attest::Tee::kSgx,
                                       options.quote.certification_type));
  attest::SgxReport report = GoodSgxReport();
  std::ranges::copy(report_data, report.report_data.begin());
  ASSIGN_OR_RETURN(Bytes quote, signer.Sign(options.quote.version, report));
  quote.resize(quote.size() + options.quote.padding.value_or(0));
  return WriteNewFile(options.out, quote, 0644);
}

Result<void> MakeQuote(const Options& options) {
  const auto report_data = FromHex(options.report_data);
  if (!report_data.has_value() || report_data->size() != 64) {
    return Error(Reason::kUsage, "--report-data: not 128 hex digits");
  }
  ASSIGN_OR_RETURN(const attest::Tee tee, ParseTee(options.tee));
  if (tee == attest::Tee::kSgx) {
    return MakeSgxQuote(options, *report_data);
  }
  ASSIGN_OR_RETURN(QuoteAnswerer answerer, MakeAnswerer(options.quote, 0));
  ASSIGN_OR_RETURN(
      const Bytes quote,
      answerer.Answer(std::span<const std::uint8_t, 64>(*report_data)));
  return WriteNewFile(options.out, quote, 0644);
}

Result<void> ServeGuest(const Options& options) {
  ASSIGN_OR_RETURN(QuoteAnswerer answerer,
                   MakeAnswerer(options.quote, kKernelPadding));
  return ServeGuestDevice(options.device, answerer);
}

Result<void> ServeFuse(const Options& options) {
  ASSIGN_OR_RETURN(QuoteAnswerer answerer,
                   MakeAnswerer(options.quote, kKernelPadding));
  return ServeReportFilesystem(options.mount_point, answerer);
}

Result<void> ServePccs(const Options& options) {
  return RunPccs(options.folder, options.collateral, options.pccs);
}

using Command = Result<void> (*)(const Options&);

CLI::App* AddCommand(CLI::App& app, Options& options, const char* name,
                     const char* description) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->add_flag("--json", options.json, "print errors as JSON");
  return command;
}

// Every command with what runs it.
using Commands = std::map<const CLI::App*, Command>;

// Those that make files.
void AddMakers(CLI::App& app, Options& options, Commands& commands) {
  CLI::App* const pki =
      AddCommand(app, options, "pki",
                 "make a pretend Intel; root.pem is its trust anchor");
  pki->add_option("DIR", options.folder, "folder to make")->required();
  pki->add_option("--ca", options.ca, "which PCK CA: platform or processor")
      ->capture_default_str()
      ->check(CLI::IsMember({"platform", "processor"}));
  pki->add_option("--fmspc", options.fmspc, "kind of platform, 12 hex digits");
  commands[pki] = MakePki;

  CLI::App* const quote = AddCommand(app, options, "quote", "sign one quote");
  AddQuoteOptions(quote, options.quote);
  quote->add_option("--tee", options.tee, "tdx or sgx")->capture_default_str();
  quote
      ->add_option("--version", options.quote.version,
                   "quote version: 4 or 5; with --tee sgx also 3")
      ->capture_default_str()
      ->check(CLI::IsMember({3, 4, 5}));
  quote->add_option("--report-data", options.report_data, "128 hex digits")
      ->required();
  quote->add_option("--out", options.out, "new file")->required();
  commands[quote] = MakeQuote;

  CLI::App* const collateral =
      AddCommand(app, options, "collateral",
                 "sign TCB info, QE identity and CRLs for the platform");
  collateral->add_option("--pki", options.folder, "folder that 'pki' made")
      ->required();
  AddCollateralOptions(collateral, options.collateral);
  collateral->add_option("--out", options.out, "folder to write")->required();
  commands[collateral] = MakeSetOfCollateral;
}

// Those that serve until they are stopped.
void AddServices(CLI::App& app, Options& options, Commands& commands) {
  CLI::App* const pccs =
      AddCommand(app, options, "pccs",
                 "serve that collateral over HTTP, as a caching service does");
  pccs->add_option("--pki", options.folder, "folder that 'pki' made")
      ->required();
  AddPccsOptions(pccs, options.pccs);
  AddCollateralOptions(pccs, options.collateral);
  commands[pccs] = ServePccs;

  CLI::App* const guest = AddCommand(
      app, options, "guest", "answer the pretend TDX device of this guest");
  AddServiceOptions(guest, options.quote);
  guest->add_option("--device", options.device, "device to serve")
      ->capture_default_str();
  commands[guest] = ServeGuest;

  CLI::App* const fuse = AddCommand(
      app, options, "fuse", "serve configfs-tsm by FUSE, without a kernel's");
  AddServiceOptions(fuse, options.quote);
  fuse->add_option("MOUNTPOINT", options.mount_point, "existing folder")
      ->required();
  commands[fuse] = ServeFuse;
}

int Report(const Error& error, const Options& options) {
  return ReportAndExitCode(
      kProgram, error,
      options.json ? ReportFormat::kJson : ReportFormat::kText);
}

}  // namespace

int RunSimulator(int argc, char** argv) {
  CLI::App app("Pretend Intel and pretend TDX guest device, for tests only",
               kProgram);
  app.set_version_flag("--version", "tdxvfs-simulator " TDXVFS_VERSION);
  app.require_subcommand(1);
  Options options;
  Commands commands;
  AddMakers(app, options, commands);
  AddServices(app, options, commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    return Report(Error(Reason::kUsage, wrong.what()), options);
  }
  std::erase_if(options.quote.measurements,
                [](const auto& entry) { return entry.second.empty(); });
  const auto done = commands.at(app.get_subcommands().front())(options);
  if (!done.has_value()) {
    return Report(done.error(), options);
  }
  return 0;
}

}  // namespace tdxvfs::simulator

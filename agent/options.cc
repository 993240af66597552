// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>

#include "common/hex.h"

namespace tdxvfs::agent {
namespace {

using Verb = Options::Verb;

// What CLI11 fills and needs more than a plain option.
struct RawOptions {
  Options options;
  bool json = false;
  bool wait = false;
  bool check = false;
  bool lazy = false;
  bool lazy_on_shutdown = false;
  std::string report_data;
  std::string log_level = "info";
};

CLI::App* AddVerb(CLI::App& app, RawOptions& raw, Verb verb, const char* name,
                  const char* description) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->callback([&raw, verb] { raw.options.verb = verb; });
  command->add_flag("--json", raw.json, "print results and errors as JSON");
  command->add_option("--log-level", raw.log_level,
                      "error, warning, info (default) or debug");
  return command;
}

void AddVolumeVerbs(CLI::App& app, RawOptions& raw) {
  CLI::App* const unlock =
      AddVerb(app, raw, Verb::kUnlock, "unlock", "open and mount a volume");
  unlock->add_option("NAME", raw.options.volume, "the volume")->required();
  unlock->add_flag("--wait", raw.wait,
                   "try again until it succeeds or never can");
  unlock->add_flag("--check", raw.check,
                   "ask for the key and compare the grant, but open nothing");
  CLI::App* const lock =
      AddVerb(app, raw, Verb::kLock, "lock", "unmount and close a volume");
  lock->add_option("NAME", raw.options.volume, "the volume")->required();
  CLI::Option* const lazy = lock->add_flag(
      "--lazy", raw.lazy, "detach a busy volume now, close it when it is free");
  lock->add_flag("--lazy-on-shutdown", raw.lazy_on_shutdown,
                 "as --lazy, but only while the system shuts down")
      ->excludes(lazy);
  CLI::App* const status = AddVerb(app, raw, Verb::kStatus, "status",
                                   "show volumes, as the kernel has them");
  CLI::Option* const name = status->add_option("NAME", raw.options.volume,
                                               "one volume (default: all)");
  status
      ->add_flag("--require-open", raw.options.require_open,
                 "fail unless the volume is open")
      ->needs(name);
}

void AddOtherVerbs(CLI::App& app, RawOptions& raw) {
  CLI::App* const quote = AddVerb(app, raw, Verb::kQuote, "quote",
                                  "write a quote of this guest to a file");
  quote->add_option("--out", raw.options.quote_file, "the new file")
      ->required();
  quote->add_option("--report-data", raw.report_data,
                    "64 bytes in hex (default: zeroes)");
  CLI::App* const digest =
      AddVerb(app, raw, Verb::kConfigDigest, "config-digest",
              "print the digest of a volume's configuration");
  digest->add_option("NAME", raw.options.volume, "the volume")->required();
  ConfigRequest& request = raw.options.config;
  CLI::App* const config =
      AddVerb(app, raw, Verb::kConfig, "config",
              "write the configuration of a volume, never over another");
  config->add_option("NAME", request.name, "the volume")->required();
  config->add_option("--image", request.image, "file or block device")
      ->required();
  config->add_option("--mount", request.mount, "mount point")->required();
  config->add_option("--server", request.servers, "host:port; repeatable")
      ->required();
  config->add_option("--ca", request.ca, "PEM file that the servers lead to");
  config->add_option("--server-spki", request.server_spki,
                     "sha256: and the digest of the server's key");
  config->add_option("--header", request.header,
                     "size of the header of a volume that was imported in "
                     "place, such as \"16 MiB\" (default: 1 MiB)");
}

Result<void> ReadReportData(const std::string& text,
                            attest::ReportDataBytes* report_data) {
  if (text.empty()) {
    return {};
  }
  const auto bytes = FromHex(text);
  if (!bytes.has_value() || bytes->size() != report_data->size()) {
    return Error(Reason::kUsage, "--report-data takes 128 hex digits");
  }
  std::copy(bytes->begin(), bytes->end(), report_data->begin());
  return {};
}

// systemd turns every '-' of an instance name that nobody escaped into '/',
// which no volume name has: tdxvfs@my-model and tdxvfs@my\x2dmodel are one.
std::string VolumeOfInstance(std::string name) {
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

Result<std::optional<Options>> Finished(RawOptions raw) {
  Options& options = raw.options;
  options.volume = VolumeOfInstance(std::move(options.volume));
  options.format = raw.json ? ReportFormat::kJson : ReportFormat::kText;
  options.patience = raw.wait ? Patience::kWait : Patience::kOnce;
  options.unlock_mode = raw.check ? UnlockMode::kCheck : UnlockMode::kOpen;
  if (raw.lazy) {
    options.lock_mode = LockMode::kLazy;
  } else if (raw.lazy_on_shutdown) {
    options.lock_mode = LockMode::kLazyOnShutdown;
  }
  RETURN_IF_ERROR(ReadReportData(raw.report_data, &options.report_data));
  ASSIGN_OR_RETURN(options.log_level, ParseLogLevel(raw.log_level));
  return std::optional<Options>(std::move(options));
}

}  // namespace

Result<std::optional<Options>> ParseOptions(int argc, const char* const* argv) {
  CLI::App app(
      "Opens encrypted volumes with keys that a key server releases "
      "to this TDX guest.",
      "tdxvfs-agent");
  app.set_version_flag("--version", "tdxvfs-agent " TDXVFS_VERSION);
  app.require_subcommand(1);
  RawOptions raw;
  AddVolumeVerbs(app, raw);
  AddOtherVerbs(app, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked, std::cout, std::cerr);
    return std::optional<Options>();
  } catch (const CLI::ParseError& wrong) {
    return Error(Reason::kUsage, wrong.what());
  }
  return Finished(std::move(raw));
}

}  // namespace tdxvfs::agent

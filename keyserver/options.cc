// SPDX-License-Identifier: Apache-2.0
#include "keyserver/options.h"

#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>

namespace tdxvfs::keyserver {
namespace {

using Verb = Options::Verb;

CLI::App* AddVerb(CLI::App* app, Options* options, Verb verb, const char* name,
                  const char* description) {
  CLI::App* const command = app->add_subcommand(name, description);
  command->callback([options, verb] { options->verb = verb; });
  return command;
}

void AddInit(CLI::App* app, Options* options) {
  CLI::App* const init = AddVerb(app, options, Verb::kInit, "init",
                                 "Write a new configuration, keys and "
                                 "certificates; overwrites nothing");
  init->add_option("--directory", options->init.directory,
                   "Where to write; /etc/tdxvfs is laid out for systemd")
      ->capture_default_str();
  init->add_option("--name", options->init.names,
                   "Host name or address that guests use (repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  init->add_option("--listen", options->init.listen, "Address to listen on")
      ->capture_default_str();
  init->add_option("--trust-anchor", options->init.trust_anchor,
                   "\"intel\" or a PEM file")
      ->capture_default_str();
  init->add_option("--collateral", options->init.collateral,
                   R"("pcs", the URL of a caching service or "none")")
      ->capture_default_str();
}

void AddStoreCommands(CLI::App* app, Options* options) {
  CLI::App* const rotate =
      AddVerb(app, options, Verb::kRotateMasterKey, "rotate-master-key",
              "Seal a running server's store under a new key");
  rotate->fallthrough()->add_option(
      "--key-file", options->key_file,
      "File of the master key (default: the configured one, or master.key "
      "beside the configuration)");
  CLI::App* const backup =
      AddVerb(app, options, Verb::kBackup, "backup",
              "Write a running server's store to a new file");
  backup->fallthrough()->add_option("FILE", options->file)->required();
  backup
      ->add_option("--recipient", options->recipients,
                   "Encrypt to this X25519 public key, PEM (repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::App* const restore =
      AddVerb(app, options, Verb::kRestore, "restore",
              "Put a backup in the place of a store that is not there");
  restore->fallthrough()->add_option("FILE", options->file)->required();
  restore->add_option("--identity", options->identity,
                      "Private key of a recipient, PEM, absolute path");
}

void AddCommands(CLI::App* app, Options* options) {
  app->set_version_flag("--version", "tdxvfs-keyserver " TDXVFS_VERSION);
  app->require_subcommand(0, 1);
  app->add_option("--config", options->config, "Configuration file")
      ->capture_default_str();
  app->add_option("--log-level", options->log_level,
                  "error, warning, info or debug; else log.level of the "
                  "configuration");
  app->add_flag_callback(
      "--json", [options] { options->format = ReportFormat::kJson; },
      "Report errors as JSON");
  AddVerb(app, options, Verb::kServe, "serve",
          "Serve guests (what no command means)")
      ->fallthrough();
  AddInit(app, options);
  AddVerb(app, options, Verb::kCheckConfig, "check-config",
          "Check a configuration and the files it names")
      ->fallthrough()
      ->add_option("FILE", options->config, "Configuration file")
      ->capture_default_str();
  AddVerb(app, options, Verb::kChangeAnchor, "change-anchor",
          "Let the store belong to the configured trust anchor")
      ->fallthrough();
  AddVerb(app, options, Verb::kAuditKey, "audit-key",
          "Print the public key that the audit log's heads are "
          "signed for (made at the first start), and the newest "
          "head")
      ->fallthrough();
  AddStoreCommands(app, options);
}

}  // namespace

Result<std::optional<Options>> ParseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app("Releases keys of encrypted volumes to attested TDX guests");
  AddCommands(&app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked, std::cout, std::cerr);
    return std::optional<Options>();
  } catch (const CLI::ParseError& wrong) {
    return Error(Reason::kUsage, wrong.what());
  }
  if (options.verb == Verb::kInit && app.count("--config") > 0) {
    return Error(Reason::kUsage,
                 "init writes keyserver.toml into --directory; it takes no "
                 "--config");
  }
  return std::optional<Options>(std::move(options));
}

}  // namespace tdxvfs::keyserver

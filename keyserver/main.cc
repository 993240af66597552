// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/exit_report.h"
#include "common/log.h"
#include "common/process_hardening.h"
#include "keyserver/audit/audit_key_file.h"
#include "keyserver/audit/kept_head.h"
#include "keyserver/backup.h"
#include "keyserver/change_anchor.h"
#include "keyserver/check_config.h"
#include "keyserver/config.h"
#include "keyserver/init.h"
#include "keyserver/key_server.h"
#include "keyserver/rotate_master_key.h"
#include "keyserver/serve.h"

namespace {

using tdxvfs::Error;
using tdxvfs::LogLevel;
using tdxvfs::Reason;
using tdxvfs::Result;
namespace keyserver = tdxvfs::keyserver;

constexpr const char* kProgram = "tdxvfs-keyserver";

struct Options {
  std::string config = "/etc/tdxvfs/keyserver.toml";
  std::string log_level;  // empty: the configuration's
  bool json = false;
  keyserver::InitOptions init;
  std::string key_file;
  std::string file;
  std::vector<std::string> recipients;
  std::string identity;
};

// Prepares the process for secrets and TLS; nothing of OpenSSL or gRPC runs
// before.
Result<void> Prepare(const Options& options) {
  const std::string& name = options.log_level;
  ASSIGN_OR_RETURN(const LogLevel level,
                   tdxvfs::ParseLogLevel(name.empty() ? "info" : name));
  // Freed memory is overwritten: gRPC's buffers held what administrators sent.
  mallopt(M_PERTURB, 0x5a);
  umask(S_IRWXG | S_IRWXO);
  RETURN_IF_ERROR(tdxvfs::HardenProcess());
  RETURN_IF_ERROR(tdxvfs::AllowOnlyTls13());
  tdxvfs::StartLog(kProgram, level);
  return {};
}

Result<void> Serve(const Options& options) {
  keyserver::ServeOptions serve{.config = options.config,
                                .log_level = std::nullopt};
  if (!options.log_level.empty()) {
    ASSIGN_OR_RETURN(serve.log_level, tdxvfs::ParseLogLevel(options.log_level));
  }
  return keyserver::Serve(serve);
}

Result<void> Init(const Options& options) {
  ASSIGN_OR_RETURN(const std::string text, keyserver::Init(options.init));
  (void)fputs(text.c_str(), stdout);
  return {};
}

Result<void> CheckConfig(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  RETURN_IF_ERROR(keyserver::CheckConfig(keyserver::OutsideOfUnit(config),
                                         tdxvfs::SystemClock().Now()));
  (void)printf("%s: ok\n", options.config.c_str());
  return {};
}

Result<void> RotateMasterKey(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  ASSIGN_OR_RETURN(
      const std::string text,
      keyserver::RotateMasterKey(
          config, options.key_file.empty()
                      ? keyserver::MasterKeyFile(config, options.config)
                      : std::filesystem::path(options.key_file)));
  (void)fputs(text.c_str(), stdout);
  return {};
}

Result<void> Backup(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  RETURN_IF_ERROR(keyserver::Backup(config, options.file, options.recipients));
  (void)printf("%s: written; the master key is not in it\n",
               options.file.c_str());
  return {};
}

Result<void> Restore(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  RETURN_IF_ERROR(keyserver::Restore(
      config, keyserver::MasterKeyFile(config, options.config), options.file,
      options.identity));
  (void)printf(
      "%s: restored; what was retired, deleted, disabled or counted after this "
      "backup is live again: look at 'tdxvfs key list' before guests do\n",
      config.store.c_str());
  return {};
}

Result<void> ChangeAnchor(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  return keyserver::ChangeAnchor(keyserver::OutsideOfUnit(config));
}

Result<void> PrintAuditKey(const Options& options) {
  ASSIGN_OR_RETURN(const keyserver::Config config,
                   keyserver::LoadConfig(options.config));
  ASSIGN_OR_RETURN(const tdxvfs::audit::SigningKey key,
                   keyserver::LoadAuditKey(config.audit.key_file));
  ASSIGN_OR_RETURN(const std::string pem, key.public_key().ToPem());
  ASSIGN_OR_RETURN(
      const std::optional<std::string> head,
      keyserver::KeptHead(config.audit.key_file, key.public_key()));
  const std::string text = pem + (head.has_value() ? *head + "\n" : "");
  if (fputs(text.c_str(), stdout) < 0 || fflush(stdout) != 0) {
    return SystemError(Reason::kFileUnwritable, "write the audit key", errno);
  }
  if (!head.has_value()) {
    (void)fputs(
        "no head was signed with this key yet: print it again once the server "
        "runs, so that a log that was cut off is found\n",
        stderr);
  }
  return {};
}

void AddInit(CLI::App* app, Options* options) {
  CLI::App* const init =
      app->add_subcommand("init",
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
  CLI::App* const rotate = app->add_subcommand(
      "rotate-master-key", "Seal a running server's store under a new key");
  rotate->fallthrough()->add_option(
      "--key-file", options->key_file,
      "File of the master key (default: the configured one, or master.key "
      "beside the configuration)");
  CLI::App* const backup = app->add_subcommand(
      "backup", "Write a running server's store to a new file");
  backup->fallthrough()->add_option("FILE", options->file)->required();
  backup
      ->add_option("--recipient", options->recipients,
                   "Encrypt to this X25519 public key, PEM (repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::App* const restore = app->add_subcommand(
      "restore", "Put a backup in the place of a store that is not there");
  restore->fallthrough()->add_option("FILE", options->file)->required();
  restore->add_option("--identity", options->identity,
                      "Private key of a recipient, PEM, absolute path");
}

void AddCommands(CLI::App* app, Options* options) {
  app->set_version_flag("--version",
                        std::string(kProgram) + " " + TDXVFS_VERSION);
  app->require_subcommand(0, 1);
  app->add_option("--config", options->config, "Configuration file")
      ->capture_default_str();
  app->add_option("--log-level", options->log_level,
                  "error, warning, info or debug; else log.level of the "
                  "configuration");
  app->add_flag("--json", options->json, "Report errors as JSON");
  app->add_subcommand("serve", "Serve guests (what no command means)")
      ->fallthrough();
  AddInit(app, options);
  app->add_subcommand("check-config",
                      "Check a configuration and the files it names")
      ->fallthrough()
      ->add_option("FILE", options->config, "Configuration file")
      ->capture_default_str();
  app->add_subcommand("change-anchor",
                      "Let the store belong to the configured trust anchor")
      ->fallthrough();
  app->add_subcommand("audit-key",
                      "Print the public key that the audit log's heads are "
                      "signed for (made at the first start), and the newest "
                      "head")
      ->fallthrough();
  AddStoreCommands(app, options);
}

Result<void> Run(const CLI::App& app, const Options& options) {
  RETURN_IF_ERROR(Prepare(options));
  if (app.got_subcommand("init")) {
    if (app.count("--config") > 0) {
      return Error(Reason::kUsage,
                   "init writes keyserver.toml into --directory; it takes no "
                   "--config");
    }
    return Init(options);
  }
  if (app.got_subcommand("check-config")) {
    return CheckConfig(options);
  }
  if (app.got_subcommand("change-anchor")) {
    return ChangeAnchor(options);
  }
  if (app.got_subcommand("audit-key")) {
    return PrintAuditKey(options);
  }
  if (app.got_subcommand("rotate-master-key")) {
    return RotateMasterKey(options);
  }
  if (app.got_subcommand("backup")) {
    return Backup(options);
  }
  if (app.got_subcommand("restore")) {
    return Restore(options);
  }
  return Serve(options);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Releases keys of encrypted volumes to attested TDX guests");
  AddCommands(&app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return tdxvfs::ReportAndExitCode(kProgram,
                                     Error(Reason::kUsage, error.what()),
                                     tdxvfs::ReportFormat::kText);
  }
  const auto result = Run(app, options);
  if (result.has_value()) {
    return 0;
  }
  return tdxvfs::ReportAndExitCode(
      kProgram, result.error(),
      options.json ? tdxvfs::ReportFormat::kJson : tdxvfs::ReportFormat::kText);
}

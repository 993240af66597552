// SPDX-License-Identifier: Apache-2.0
#include "keyserver/run_key_server.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

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
#include "keyserver/options.h"
#include "keyserver/rotate_master_key.h"
#include "keyserver/serve.h"
#include "keyserver/session_tickets.h"

namespace tdxvfs::keyserver {
namespace {

constexpr const char* kProgram = "tdxvfs-keyserver";

// Prepares the process for secrets and TLS; nothing of OpenSSL or gRPC runs
// before.
Result<void> Prepare(const Options& options) {
  const std::string& name = options.log_level;
  ASSIGN_OR_RETURN(const LogLevel level,
                   ParseLogLevel(name.empty() ? "info" : name));
  // Freed memory is overwritten: gRPC's buffers held what administrators sent.
  mallopt(M_PERTURB, 0x5a);
  umask(S_IRWXG | S_IRWXO);
  RETURN_IF_ERROR(HardenProcess());
  RETURN_IF_ERROR(AllowOnlyTls13());
  RETURN_IF_ERROR(SendNoSessionTickets());
  StartLog(kProgram, level);
  return {};
}

Result<void> ServeGuests(const Options& options) {
  ServeOptions serve{.config = options.config, .log_level = std::nullopt};
  if (!options.log_level.empty()) {
    ASSIGN_OR_RETURN(serve.log_level, ParseLogLevel(options.log_level));
  }
  return Serve(serve);
}

Result<void> WriteInit(const Options& options) {
  ASSIGN_OR_RETURN(const std::string text, Init(options.init));
  (void)fputs(text.c_str(), stdout);
  return {};
}

Result<void> CheckConfigFile(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  RETURN_IF_ERROR(CheckConfig(OutsideOfUnit(config), SystemClock().Now()));
  for (const std::string& note : NotesOn(config)) {
    (void)fprintf(stderr, "%s: note: %s\n", kProgram, note.c_str());
  }
  (void)printf("%s: ok\n", options.config.c_str());
  return {};
}

Result<void> Rotate(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  ASSIGN_OR_RETURN(
      const std::string text,
      RotateMasterKey(config, options.key_file.empty()
                                  ? MasterKeyFile(config, options.config)
                                  : std::filesystem::path(options.key_file)));
  (void)fputs(text.c_str(), stdout);
  return {};
}

Result<void> WriteBackup(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  RETURN_IF_ERROR(Backup(config, options.file, options.recipients));
  (void)printf("%s: written; the master key is not in it\n",
               options.file.c_str());
  return {};
}

Result<void> PutBack(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  RETURN_IF_ERROR(Restore(config, MasterKeyFile(config, options.config),
                          options.file, options.identity));
  (void)printf(
      "%s: restored; what was retired, deleted, disabled or counted after this "
      "backup is live again: look at 'tdxvfs key list' before guests do\n",
      config.store.c_str());
  return {};
}

Result<void> MoveAnchor(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  return ChangeAnchor(OutsideOfUnit(config));
}

Result<void> PrintAuditKey(const Options& options) {
  ASSIGN_OR_RETURN(const Config config, LoadConfig(options.config));
  ASSIGN_OR_RETURN(const audit::SigningKey key,
                   LoadAuditKey(config.audit.key_file));
  ASSIGN_OR_RETURN(const std::string pem, key.public_key().ToPem());
  ASSIGN_OR_RETURN(const std::optional<std::string> head,
                   KeptHead(config.audit.key_file, key.public_key()));
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

Result<void> Run(const Options& options) {
  RETURN_IF_ERROR(Prepare(options));
  switch (options.verb) {
    case Options::Verb::kInit:
      return WriteInit(options);
    case Options::Verb::kCheckConfig:
      return CheckConfigFile(options);
    case Options::Verb::kChangeAnchor:
      return MoveAnchor(options);
    case Options::Verb::kAuditKey:
      return PrintAuditKey(options);
    case Options::Verb::kRotateMasterKey:
      return Rotate(options);
    case Options::Verb::kBackup:
      return WriteBackup(options);
    case Options::Verb::kRestore:
      return PutBack(options);
    case Options::Verb::kServe:
      break;
  }
  return ServeGuests(options);
}

}  // namespace

int RunKeyServer(int argc, const char* const* argv) {
  const auto options = ParseOptions(argc, argv);
  if (!options.has_value()) {
    return ReportAndExitCode(kProgram, options.error(), ReportFormat::kText);
  }
  if (!options->has_value()) {
    return 0;
  }
  const auto done = Run(**options);
  return done.has_value()
             ? 0
             : ReportAndExitCode(kProgram, done.error(), (*options)->format);
}

}  // namespace tdxvfs::keyserver

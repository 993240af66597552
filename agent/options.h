// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_OPTIONS_H_
#define TDXVFS_AGENT_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "agent/lock_volume.h"
#include "agent/unlock_command.h"
#include "agent/write_config.h"
#include "attest/report_data.h"
#include "common/exit_report.h"
#include "common/log.h"
#include "common/result.h"

namespace tdxvfs::agent {

// What the command line asks for.
struct Options {
  enum class Verb : std::uint8_t {
    kUnlock,
    kLock,
    kStatus,
    kQuote,
    kConfigDigest,
    kConfig,
  };
  Verb verb = Verb::kStatus;
  std::string volume;  // may be empty for kStatus: all of them
  Patience patience = Patience::kOnce;
  UnlockMode unlock_mode = UnlockMode::kOpen;
  LockMode lock_mode = LockMode::kNormal;
  bool require_open = false;  // kStatus: any other state is a failure
  std::string quote_file;
  attest::ReportDataBytes report_data{};
  ConfigRequest config;
  ReportFormat format = ReportFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
};

// Reads the command line. Nothing when --help or --version was asked for and
// has been printed. Fails with kUsage.
Result<std::optional<Options>> ParseOptions(int argc, const char* const* argv);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_OPTIONS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_OPTIONS_H_
#define TDXVFS_KEYSERVER_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/exit_report.h"
#include "common/result.h"
#include "keyserver/init.h"

namespace tdxvfs::keyserver {

// What the command line asks for.
struct Options {
  enum class Verb : std::uint8_t {
    kServe,
    kInit,
    kCheckConfig,
    kChangeAnchor,
    kAuditKey,
    kRotateMasterKey,
    kBackup,
    kRestore,
  };
  Verb verb = Verb::kServe;
  std::string config = "/etc/tdxvfs/keyserver.toml";
  std::string log_level;  // empty: the configuration's
  ReportFormat format = ReportFormat::kText;
  InitOptions init;
  std::string key_file;                 // kRotateMasterKey; may be empty
  std::string file;                     // kBackup, kRestore
  std::vector<std::string> recipients;  // kBackup
  std::string identity;                 // kRestore; may be empty
};

// Reads the command line. Nothing when --help or --version was asked for and
// has been printed. Fails with kUsage.
Result<std::optional<Options>> ParseOptions(int argc, const char* const* argv);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_OPTIONS_H_

// SPDX-License-Identifier: Apache-2.0
#include "agent/run_agent.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config_digest.h"
#include "agent/configfs_quote_source.h"
#include "agent/mount_helper.h"
#include "agent/options.h"
#include "agent/stop_request.h"
#include "agent/volume_status.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/process_hardening.h"

namespace tdxvfs::agent {
namespace {

constexpr std::string_view kProgram = "tdxvfs-agent";
constexpr mode_t kQuoteMode = 0644;

std::string UnlockedJson(const std::string& volume, const Unlocked& unlocked) {
  const auto in_milliseconds = [](std::chrono::microseconds time) {
    return std::chrono::round<std::chrono::milliseconds>(time).count();
  };
  JsonObject object;
  object.String("volume", volume)
      .Boolean("already_open", unlocked.already_open);
  if (unlocked.already_open) {
    return object.Close();
  }
  object.Number("version", unlocked.version)
      .Number("quote_ms", in_milliseconds(unlocked.timings.quote))
      .Number("release_ms", in_milliseconds(unlocked.timings.release))
      .Number("open_ms", in_milliseconds(unlocked.timings.open))
      .Number("mount_ms", in_milliseconds(unlocked.timings.mount))
      .Number("header_ms", in_milliseconds(unlocked.timings.header))
      .Number("loop_ms", in_milliseconds(unlocked.timings.loop))
      .Number("crypt_ms", in_milliseconds(unlocked.timings.crypt))
      .Number("verity_ms", in_milliseconds(unlocked.timings.verity));
  return object.Close();
}

Result<void> Unlock(const Options& options, const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(
      const VolumeConfig config,
      LoadVolumeConfig(surroundings.config_directory, options.volume));
  ASSIGN_OR_RETURN(
      const Unlocked unlocked,
      RunUnlock(surroundings, config, options.unlock_mode, options.patience));
  if (options.format == ReportFormat::kJson) {
    std::cout << UnlockedJson(config.name, unlocked) << "\n";
  }
  return {};
}

Result<void> Status(const Options& options, const Surroundings& surroundings) {
  std::vector<std::string> volumes{options.volume};
  if (options.volume.empty()) {
    ASSIGN_OR_RETURN(volumes, ConfiguredVolumes(surroundings.config_directory));
  }
  for (const std::string& volume : volumes) {
    ASSIGN_OR_RETURN(const VolumeStatus status, StatusOf(surroundings, volume));
    std::cout << (options.format == ReportFormat::kJson ? StatusJson(status)
                                                        : StatusText(status))
              << "\n";
    if (options.require_open && status.state != "open") {
      return Error(Reason::kVolumeNotOpen,
                   "volume '" + volume + "' is " + status.state);
    }
  }
  return {};
}

Result<void> Quote(const Options& options, const Surroundings& surroundings) {
  ConfigfsQuoteSource source(surroundings.configfs_root);
  ASSIGN_OR_RETURN(const auto quote, source.Get(options.report_data));
  return WriteNewFile(options.quote_file, quote, kQuoteMode);
}

Result<void> PrintConfigDigest(const Options& options,
                               const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(
      const VolumeConfig config,
      LoadVolumeConfig(surroundings.config_directory, options.volume));
  ASSIGN_OR_RETURN(const Sha256Digest digest, ConfigDigest(config));
  std::cout << ToHex(digest) << "\n";
  return {};
}

Result<void> WriteConfig(const Options& options,
                         const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(
      const auto path,
      WriteVolumeConfig(surroundings.config_directory, options.config));
  std::cout << path.string() << "\n";
  return {};
}

Result<void> Run(const Options& options, const Surroundings& surroundings) {
  switch (options.verb) {
    case Options::Verb::kUnlock:
      return Unlock(options, surroundings);
    case Options::Verb::kLock:
      return LockVolume(surroundings, options.volume, options.lock_mode)
          .Context("lock volume '" + options.volume + "'");
    case Options::Verb::kQuote:
      return Quote(options, surroundings).Context("get a quote");
    case Options::Verb::kConfigDigest:
      return PrintConfigDigest(options, surroundings);
    case Options::Verb::kConfig:
      return WriteConfig(options, surroundings);
    case Options::Verb::kStatus:
      break;
  }
  return Status(options, surroundings);
}

// A result that does not reach its reader is a failure.
Result<void> FlushOutput() {
  if (!std::cout.flush()) {
    return Error(Reason::kFileUnwritable, "standard output: write failed");
  }
  return {};
}

// The wish for JSON counts also where the rest of the line is wrong.
ReportFormat AskedFormat(int argc, const char* const* argv) {
  const bool json = std::any_of(argv, argv + argc, [](std::string_view word) {
    return word == "--json";
  });
  return json ? ReportFormat::kJson : ReportFormat::kText;
}

// Before anything else, and before any thread starts.
Result<void> Prepare() {
  RETURN_IF_ERROR(HardenProcess());
  RETURN_IF_ERROR(AllowOnlyTls13());
  WatchForStop();
  return {};
}

}  // namespace

int RunAgent(int argc, const char* const* argv,
             const Surroundings& surroundings) {
  const auto prepared = Prepare();
  const std::string called_as =
      std::filesystem::path(argc > 0 ? argv[0] : "").filename();
  if (called_as == kMountProgram || called_as == kUnmountProgram) {
    return RunMountHelper(called_as, argc, argv, prepared, surroundings);
  }
  if (!prepared.has_value()) {
    return ReportAndExitCode(kProgram, prepared.error(), ReportFormat::kText);
  }
  const auto options = ParseOptions(argc, argv);
  if (!options.has_value()) {
    return ReportAndExitCode(kProgram, options.error(),
                             AskedFormat(argc, argv));
  }
  if (!options->has_value()) {
    const auto said = FlushOutput();
    return said.has_value() ? 0
                            : ReportAndExitCode(kProgram, said.error(),
                                                AskedFormat(argc, argv));
  }
  StartLog(std::string(kProgram), (*options)->log_level);
  auto done = Run(**options, surroundings);
  if (done.has_value()) {
    done = FlushOutput();
  }
  return done.has_value()
             ? 0
             : ReportAndExitCode(kProgram, done.error(), (*options)->format);
}

}  // namespace tdxvfs::agent

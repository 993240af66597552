// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/rfc3339.h"
#include "common/clock.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::uint32_t version = 0;
  std::string not_before;
  std::string not_after;
  std::optional<std::uint32_t> releases;
  bool none = false;
  std::string server;
};

Result<std::optional<std::chrono::sys_seconds>> TimeIn(
    const std::string& text) {
  if (text.empty()) {
    return std::optional<std::chrono::sys_seconds>();
  }
  ASSIGN_OR_RETURN(const auto time, ParseRfc3339(text));
  if (time >= kLastTime) {
    return Error(Reason::kUsage, "time '" + text +
                                     "' is after 2261, where the clock ends; " +
                                     "leave the limit out if there is none");
  }
  return std::optional(std::chrono::floor<std::chrono::seconds>(time));
}

Result<VersionLimits> LimitsIn(const Options& options) {
  VersionLimits limits;
  ASSIGN_OR_RETURN(limits.not_before, TimeIn(options.not_before));
  ASSIGN_OR_RETURN(limits.not_after, TimeIn(options.not_after));
  limits.releases = options.releases;
  const bool any = limits.not_before.has_value() ||
                   limits.not_after.has_value() || limits.releases.has_value();
  if (any == options.none) {
    return Error(Reason::kUsage,
                 "give --not-before, --not-after or --releases, or --none");
  }
  return limits;
}

Result<void> KeyLimit(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(const VersionLimits limits, LimitsIn(options));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  RETURN_IF_ERROR(server.SetLimits(options.volume, options.version, limits));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Number("version", options.version)
                       .Boolean("limited", !options.none)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': version "
                << options.version
                << (options.none ? " has no limits\n" : " limited\n");
  }
  return {};
}

}  // namespace

void AddKeyLimit(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "key", "limit", "say when and how often the key of a version is released",
      [options](const Console& console) {
        return KeyLimit(*options, console);
      });
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("VERSION", options->version, "number of the version")
      .Required()
      .Between(1, std::numeric_limits<std::uint32_t>::max());
  command.AddOption("--not-before", options->not_before,
                    "no release before this time, RFC 3339");
  command.AddOption("--not-after", options->not_after,
                    "no release after this time, RFC 3339");
  command.AddOption("--releases", options->releases,
                    "how many releases there may be from now on");
  command.AddFlag("--none", options->none, "take all limits away");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

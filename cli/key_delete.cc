// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

constexpr std::uint32_t kDefaultGraceDays = 30;
constexpr std::uint32_t kMaxGraceDays = 3650;
constexpr std::chrono::hours kDay{24};

struct Options {
  std::string volume;
  std::uint32_t version = 0;
  std::uint32_t grace_days = kDefaultGraceDays;
  std::string server;
};

Result<void> KeyDelete(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string delete_after,
                   server.DeleteVersion(options.volume, options.version,
                                        options.grace_days * kDay));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Number("version", options.version)
                       .String("delete_after", delete_after)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': version "
                << options.version
                << " deleted; nobody gets its key from now on, and its "
                   "passphrase is destroyed after "
                << delete_after << "\n";
  }
  return {};
}

Result<void> KeyUndelete(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  RETURN_IF_ERROR(server.UndeleteVersion(options.volume, options.version));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Number("version", options.version)
                       .Null("delete_after")
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': version "
                << options.version << " undeleted\n";
  }
  return {};
}

void AddNames(Command command, Options* options) {
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("VERSION", options->version, "number of the version")
      .Required()
      .Between(1, std::numeric_limits<std::uint32_t>::max());
  AddServerOption(command, options->server);
}

}  // namespace

void AddKeyDelete(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "key", "delete", "destroy the key of a version after a grace period",
      [options](const Console& console) {
        return KeyDelete(*options, console);
      });
  AddNames(command, options.get());
  command
      .AddOption("--grace-days", options->grace_days,
                 "how long it can be undeleted (default 30)")
      .Between(0, kMaxGraceDays);
}

void AddKeyUndelete(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("key", "undelete", "take 'key delete' back in time",
                   [options](const Console& console) {
                     return KeyUndelete(*options, console);
                   });
  AddNames(command, options.get());
}

}  // namespace tdxvfs::cli

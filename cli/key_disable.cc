// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string server;
};

Result<void> SetDisabled(const Options& options, bool disabled,
                         const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  RETURN_IF_ERROR(server.SetDisabled(options.volume, disabled));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Boolean("disabled", disabled)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume
                << "': " << (disabled ? "disabled" : "enabled") << "\n";
  }
  return {};
}

void Add(CommandSet& commands, const std::string& name,
         const std::string& description, bool disabled) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "key", name, description, [options, disabled](const Console& console) {
        return SetDisabled(*options, disabled, console);
      });
  command.AddOption("NAME", options->volume, "volume").Required();
  AddServerOption(command, options->server);
}

}  // namespace

void AddKeyDisable(CommandSet& commands) {
  Add(commands, "disable", "release no key of a volume until it is enabled",
      true);
}

void AddKeyEnable(CommandSet& commands) {
  Add(commands, "enable", "end what 'key disable' began", false);
}

}  // namespace tdxvfs::cli

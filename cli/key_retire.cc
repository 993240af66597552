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

struct Options {
  std::string volume;
  std::uint32_t version = 0;
  std::string server;
};

Result<void> KeyRetire(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  RETURN_IF_ERROR(server.RetireVersion(options.volume, options.version));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Number("version", options.version)
                       .Boolean("retired", true)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': version "
                << options.version
                << " retired; it opens nowhere from now on\n";
  }
  return {};
}

}  // namespace

void AddKeyRetire(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("key", "retire", "never release the key of a version again",
                   [options](const Console& console) {
                     return KeyRetire(*options, console);
                   });
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("VERSION", options->version, "number of the version")
      .Required()
      .Between(1, std::numeric_limits<std::uint32_t>::max());
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

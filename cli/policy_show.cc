// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::uint32_t number = 0;
  std::string server;
};

Result<void> PolicyShow(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string json,
                   server.GetPolicy(options.volume, options.number));
  console.out << json;
  if (!json.ends_with('\n')) {
    console.out << "\n";
  }
  return {};
}

}  // namespace

void AddPolicyShow(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("policy", "show", "print a volume's policy as it was put",
                   [options](const Console& console) {
                     return PolicyShow(*options, console);
                   });
  command.AddOption("NAME", options->volume, "volume").Required();
  command
      .AddOption("--number", options->number,
                 "number in 'policy history' (default: the current one)")
      .Between(1, std::numeric_limits<std::uint32_t>::max());
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string server;
};

Result<void> PolicyShow(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string json, server.GetPolicy(options.volume));
  console.out << json;
  if (!json.ends_with('\n')) {
    console.out << "\n";
  }
  return {};
}

}  // namespace

void AddPolicyShow(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      commands.Add("policy", "show", "print a volume's policy as it was put",
                   [options](const Console& console) {
                     return PolicyShow(*options, console);
                   });
  command.add_option("NAME", options->volume, "volume")->required();
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "attest/policy/measurement_policy.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/policy_file.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string file;
  std::string server;
};

Result<void> PolicyPut(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  // Checked here too, so that the message names the file.
  ASSIGN_OR_RETURN(const std::string json, ReadPolicyFile(options.file));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  RETURN_IF_ERROR(server.PutPolicy(options.volume, json));
  RETURN_IF_ERROR(NoteDoubts(json, console));
  if (console.json()) {
    console.out << JsonObject().String("volume", options.volume).Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': policy stored\n";
  }
  return {};
}

}  // namespace

void AddPolicyPut(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("policy", "put", "set which guests get a volume's key",
                   [options](const Console& console) {
                     return PolicyPut(*options, console);
                   });
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("FILE", options->file, "policy, JSON").Required();
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

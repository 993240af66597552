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
  std::uint32_t number = 0;
  std::string server;
};

Result<void> PolicyRollback(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::uint32_t number,
                   server.RollbackPolicy(options.volume, options.number));
  if (console.json()) {
    console.out << JsonObject()
                       .String("volume", options.volume)
                       .Number("number", number)
                       .Number("same_as", options.number)
                       .Close()
                << "\n";
  } else {
    console.out << "volume '" << options.volume << "': policy "
                << options.number << " is current again, as policy " << number
                << "\n";
  }
  return {};
}

}  // namespace

void AddPolicyRollback(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "rollback", "put an earlier policy of a volume again",
      [options](const Console& console) {
        return PolicyRollback(*options, console);
      });
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("NUMBER", options->number, "number in 'policy history'")
      .Required()
      .Between(1, std::numeric_limits<std::uint32_t>::max());
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

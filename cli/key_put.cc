// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/register_version.h"
#include "cli/volume_description.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string manifest;
  std::string key_file;
  std::string server;
};

Result<void> KeyPut(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(const VolumeDescription description,
                   DescribeManifestFile(options.manifest));
  ASSIGN_OR_RETURN(const Secret passphrase,
                   ReadKeyFile(options.key_file, console));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  return RegisterVersion(server, options.volume, description, passphrase,
                         console);
}

}  // namespace

void AddKeyPut(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "key", "put", "register a volume that was packed offline",
      [options](const Console& console) { return KeyPut(*options, console); });
  command.AddOption("NAME", options->volume, "volume").Required();
  command
      .AddOption("--manifest", options->manifest,
                 "what 'volume pack --manifest' wrote")
      .Required();
  command
      .AddOption("--key-file", options->key_file,
                 "passphrase that the volume was packed with")
      .Required();
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

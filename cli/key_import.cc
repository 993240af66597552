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
  std::string passphrase_file;
  std::string image;
  std::string manifest;
  std::string file_system = "erofs";
  std::string server;
};

Result<void> KeyImport(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  if (options.image.empty() && options.manifest.empty()) {
    return Error(Reason::kUsage, "--image or --manifest is required");
  }
  ASSIGN_OR_RETURN(const VolumeDescription description,
                   options.image.empty()
                       ? DescribeManifestFile(options.manifest)
                       : DescribeImage(options.image, options.file_system));
  ASSIGN_OR_RETURN(const Secret passphrase,
                   ReadPassphrase(options.passphrase_file));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  return RegisterVersion(server, options.volume, description, passphrase,
                         console);
}

}  // namespace

void AddKeyImport(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("key", "import",
                   "register a volume with the passphrase that it already has",
                   [options](const Console& console) {
                     return KeyImport(*options, console);
                   });
  command.AddOption("NAME", options->volume, "volume").Required();
  command
      .AddOption("--passphrase-file", options->passphrase_file,
                 "passphrase, kept byte for byte; - reads standard input")
      .Required();
  command.AddOption("--image", options->image,
                    "image whose header is registered");
  command
      .AddOption("--manifest", options->manifest,
                 "manifest instead of the image")
      .Excludes("--image");
  command
      .AddOption("--file-system", options->file_system,
                 "file system inside the image (default erofs)")
      .OneOf({"erofs", "squashfs", "ext4"})
      .Needs("--image");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli

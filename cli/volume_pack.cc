// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/new_image.h"
#include "cli/progress_line.h"
#include "luks/image/pack_image.h"

namespace tdxvfs::cli {
namespace {

constexpr std::string_view kStandardInput = "-";

struct Options {
  std::string directory;
  std::string file_system = "erofs";
  std::string salt = "fixed";
  NewImage target;
};

Result<image::Manifest> Pack(const Options& options, const Secret& passphrase,
                             const Console& console) {
  ProgressLine progress(console, "packing '" + options.target.image + "'");
  image::PackRequest request;
  if (options.directory == kStandardInput) {
    request.tar_stream = STDIN_FILENO;
  } else {
    request.source = options.directory;
  }
  request.image = options.target.image;
  ASSIGN_OR_RETURN(request.passphrase, Secret::CopyOf(passphrase.Reveal()));
  request.file_system = options.file_system;
  request.random_salt = options.salt == "random";
  request.progress = [&progress](std::uint64_t done, std::uint64_t total) {
    progress.Show(done, total);
  };
  return image::PackImage(request).Context(
      request.tar_stream.has_value() ? "pack the tar stream"
                                     : "pack '" + options.directory + "'");
}

// Standard input is the tar stream and nothing besides.
Result<void> CheckStandardInput(const Options& options) {
  if (options.target.key_file == kStandardInput ||
      options.target.signing_key == kStandardInput) {
    return Error(Reason::kUsage,
                 "standard input is the tar stream, so no key can be there");
  }
  if (::isatty(STDIN_FILENO) == 1) {
    return Error(Reason::kUsage,
                 "standard input is a terminal, not a tar stream");
  }
  return {};
}

Result<void> VolumePack(const Options& options, const Console& console) {
  if (options.directory == kStandardInput) {
    RETURN_IF_ERROR(CheckStandardInput(options));
  }
  return MakeNewImage(
      options.target,
      [&](const Secret& passphrase) {
        return Pack(options, passphrase, console);
      },
      console);
}

}  // namespace

void AddVolumePack(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "volume", "pack", "pack a directory into a new encrypted image",
      [options](const Console& console) {
        return VolumePack(*options, console);
      });
  command
      .AddOption("DIR", options->directory,
                 "directory to pack; - reads a tar stream")
      .Required();
  command
      .AddOption("IMAGE", options->target.image,
                 "image to make; never overwritten")
      .Required();
  AddNewImage(command, options->target, "--key-file", "--manifest");
  command.AddOption("--file-system", options->file_system,
                    "file system to make: erofs, squashfs (compressed) or "
                    "ext4 (a directory only; needs disk in the clear)");
  command
      .AddOption("--salt", options->salt,
                 "verity salt: 'fixed', so that one tree has one root hash, "
                 "or 'random'")
      .OneOf({"fixed", "random"});
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/stop_signals.h"
#include "cli/text_table.h"
#include "cli/volume_access.h"
#include "common/json_text.h"
#include "luks/image/extract_tree.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  VolumeAccess access;
  std::string directory;
};

Result<image::Extraction> Extract(const Options& options,
                                  const Console& console) {
  ASSIGN_OR_RETURN(const image::Manifest manifest,
                   ReadManifest(options.access));
  ASSIGN_OR_RETURN(const image::SealedTree tree,
                   OpenVolumeTree(options.access, manifest, console));
  ProgressLine progress(console, "extracting '" + options.access.image + "'");
  return ExtractTree(
      tree.reader(), options.directory,
      [&](std::uint64_t done, std::uint64_t total) {
        progress.Show(done, total);
      },
      &StopSignals::Came);
}

void TellLosses(const image::Extraction& done, const std::string& directory,
                const Console& console) {
  if (done.attributes_lost != 0) {
    console.err << "tdxvfs: note: " << done.attributes_lost
                << " extended attributes are lost: the file system of '"
                << OneLine(directory)
                << "' does not take them, or they name users who are not "
                   "known here\n";
  }
  if (done.owners_lost != 0) {
    console.err << "tdxvfs: note: " << done.owners_lost
                << " names have another owner than they had: root may not "
                   "give files to it here, as in a container\n";
  }
}

Result<void> VolumeExtract(const Options& options, const Console& console) {
  // What is half extracted is the model in the clear: a stop takes it away.
  StopSignals signals;
  auto extracted = Extract(options, console);
  signals.DieIfCame();
  ASSIGN_OR_RETURN(
      const image::Extraction done,
      std::move(extracted).Context("extract '" + options.access.image + "'"));
  TellLosses(done, options.directory, console);
  if (console.json()) {
    console.out << JsonObject()
                       .String("directory", options.directory)
                       .Number("names", static_cast<long long>(done.names))
                       .Number("bytes", static_cast<long long>(done.bytes))
                       .Number("attributes_lost",
                               static_cast<long long>(done.attributes_lost))
                       .Number("owners_lost",
                               static_cast<long long>(done.owners_lost))
                       .Close()
                << "\n";
    return {};
  }
  TextTable table;
  table.Row({"directory", options.directory})
      .Row({"names", std::to_string(done.names)})
      .Row({"content", std::to_string(done.bytes) + " bytes"});
  console.out << table.Text();
  return {};
}

}  // namespace

void AddVolumeExtract(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("volume", "extract",
                   "recreate the files of an image, checking all that is read",
                   [options](const Console& console) {
                     return VolumeExtract(*options, console);
                   });
  AddVolumeAccess(command, options->access);
  command
      .AddOption("DIR", options->directory, "directory to make; must not exist")
      .Required();
}

}  // namespace tdxvfs::cli

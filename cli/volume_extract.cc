// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/progress_line.h"
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
  return ExtractTree(tree.reader(), options.directory,
                     [&](std::uint64_t done, std::uint64_t total) {
                       progress.Show(done, total);
                     });
}

Result<void> VolumeExtract(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const image::Extraction done,
                   Extract(options, console)
                       .Context("extract '" + options.access.image + "'"));
  if (done.attributes_lost != 0) {
    console.err << "tdxvfs: note: " << done.attributes_lost
                << " extended attributes are lost: the file system of '"
                << OneLine(options.directory) << "' does not take them\n";
  }
  if (console.json()) {
    console.out << JsonObject()
                       .String("directory", options.directory)
                       .Number("names", static_cast<long long>(done.names))
                       .Number("bytes", static_cast<long long>(done.bytes))
                       .Number("attributes_lost",
                               static_cast<long long>(done.attributes_lost))
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

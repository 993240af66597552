// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/volume_access.h"
#include "common/json_text.h"
#include "luks/image/diff_trees.h"

namespace tdxvfs::cli {
namespace {

using image::TreeDifference;

struct Options {
  std::string first;
  std::string second;
  std::vector<std::string> manifests;
  std::vector<std::string> key_files;
  std::string verify_key;
};

Result<image::SealedTree> Open(const VolumeAccess& access,
                               const Console& console) {
  ASSIGN_OR_RETURN(const image::Manifest manifest, ReadManifest(access));
  return OpenVolumeTree(access, manifest, console);
}

std::string_view KindName(TreeDifference::Kind kind) {
  switch (kind) {
    case TreeDifference::Kind::kAdded:
      return "added";
    case TreeDifference::Kind::kRemoved:
      return "removed";
    case TreeDifference::Kind::kChanged:
      break;
  }
  return "changed";
}

std::string ToJson(const std::vector<TreeDifference>& differences) {
  JsonArray list;
  for (const TreeDifference& difference : differences) {
    JsonArray what;
    for (const std::string_view word : difference.what) {
      what.String(word);
    }
    list.Raw(JsonObject()
                 .String("change", KindName(difference.kind))
                 .String("path", difference.path)
                 .Raw("what", what.Close())
                 .Close());
  }
  return JsonObject().Raw("differences", list.Close()).Close();
}

void PrintLines(const std::vector<TreeDifference>& differences,
                const Console& console) {
  for (const TreeDifference& difference : differences) {
    std::string line = std::string(KindName(difference.kind)) + " '" +
                       OneLine(difference.path) + "'";
    const char* before = ": ";
    for (const std::string_view word : difference.what) {
      line += before + std::string(word);
      before = ", ";
    }
    console.out << line << "\n";
  }
}

Result<void> VolumeDiff(const Options& options, const Console& console) {
  if (options.manifests.size() != 2 || options.key_files.empty() ||
      options.key_files.size() > 2) {
    return Error(Reason::kUsage,
                 "--manifest is required twice, for A and then for B, and "
                 "--key-file twice, or once for both");
  }
  ASSIGN_OR_RETURN(const image::SealedTree first,
                   Open({.image = options.first,
                         .manifest = options.manifests.front(),
                         .key_file = options.key_files.front(),
                         .verify_key = options.verify_key},
                        console));
  ASSIGN_OR_RETURN(const image::SealedTree second,
                   Open({.image = options.second,
                         .manifest = options.manifests.back(),
                         .key_file = options.key_files.back(),
                         .verify_key = options.verify_key},
                        console));
  std::vector<TreeDifference> differences;
  {
    ProgressLine progress(console, "comparing");
    ASSIGN_OR_RETURN(differences,
                     DiffTrees(first.reader(), second.reader(),
                               [&](std::uint64_t done, std::uint64_t total) {
                                 progress.Show(done, total);
                               }));
  }
  if (console.json()) {
    console.out << ToJson(differences) << "\n";
  } else {
    PrintLines(differences, console);
  }
  return {};
}

}  // namespace

void AddVolumeDiff(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "volume", "diff", "tell which files differ between two images",
      [options](const Console& console) {
        return VolumeDiff(*options, console);
      });
  command.AddOption("A", options->first, "image, the older one").Required();
  command.AddOption("B", options->second, "image, the newer one").Required();
  command
      .AddOption("--manifest", options->manifests,
                 "what 'volume pack' wrote about A; once more for B")
      .OneEach();
  command
      .AddOption("--key-file", options->key_files,
                 "A's passphrase; once more for B, unless it is the same")
      .OneEach();
  command.AddOption("--verify-key", options->verify_key,
                    "Ed25519 public key that must have signed both manifests");
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/collateral_options.h"
#include "cli/collateral_sets.h"
#include "cli/commands.h"
#include "collateral/offline_bundle.h"
#include "collateral/vetting.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

constexpr mode_t kFileMode = 0644;

struct Options {
  std::vector<std::string> paths;
  std::string update = "standard";
  std::string trust_anchor;
  std::string out;
};

// Every set under its name; one that does not lead to the anchor is refused
// before it is carried anywhere.
Result<std::vector<collateral::NamedSet>> Collect(
    const Options& options, const verify::TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const collateral::Update update,
                   collateral::ParseUpdate(options.update));
  std::vector<collateral::NamedSet> sets;
  for (const std::string& path : options.paths) {
    ASSIGN_OR_RETURN(std::vector<FoundSet> found, FindSets(path));
    for (FoundSet& set : found) {
      ASSIGN_OR_RETURN(
          const collateral::SetName name,
          collateral::NameOf(set.documents, anchor,
                             set.name.has_value() ? set.name->update : update)
              .Context("'" + set.place + "'"));
      sets.push_back({name, std::move(set.documents)});
    }
  }
  return sets;
}

Result<void> CollateralExport(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  ASSIGN_OR_RETURN(const auto sets, Collect(options, anchor));
  const std::string text = collateral::BundleText(sets);
  // What is written must be what others read: no set twice, none too large.
  RETURN_IF_ERROR(collateral::ParseBundle(text));
  RETURN_IF_ERROR(WriteNewFile(options.out, AsBytes(text), kFileMode));
  JsonArray names;
  for (const collateral::NamedSet& set : sets) {
    names.String(set.name.ToText());
    if (!console.json()) {
      console.out << set.name.ToText() << "\n";
    }
  }
  if (console.json()) {
    console.out << JsonObject()
                       .String("bundle", options.out)
                       .Raw("sets", names.Close())
                       .Close()
                << "\n";
  }
  return {};
}

}  // namespace

void AddCollateralExport(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "collateral", "export", "put sets of collateral into one bundle file",
      [options](const Console& console) {
        return CollateralExport(*options, console);
      });
  command
      .AddOption("PATH", options->paths,
                 "directory that 'fetch' or 'import' made, a key server's "
                 "cache, or a bundle")
      .Required();
  command.AddOption("--update", options->update,
                    "what sets without a name are: standard or early "
                    "(default: standard)");
  AddTrustAnchor(command, options->trust_anchor);
  command.AddOption("--out", options->out, "bundle to write; never replaced")
      .Required();
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/collateral_options.h"
#include "cli/collateral_sets.h"
#include "cli/commands.h"
#include "collateral/bundle_supplier.h"
#include "collateral/set_directory.h"
#include "collateral/vetting.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

constexpr mode_t kDirectoryMode = 0755;

struct Options {
  std::string file;
  std::string trust_anchor;
  std::string out;
};

Result<void> CollateralImport(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  ASSIGN_OR_RETURN(const std::vector<collateral::NamedSet> sets,
                   collateral::LoadBundle(options.file));
  // All of them or nothing.
  for (const collateral::NamedSet& set : sets) {
    RETURN_IF_ERROR(
        collateral::VetSet(set, anchor, std::chrono::system_clock::now())
            .Context("'" + options.file + "': " + set.name.ToText()));
  }
  if (mkdir(options.out.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return SystemError(Reason::kFileUnwritable,
                       "create directory '" + options.out + "'", errno);
  }
  JsonArray written;
  for (const collateral::NamedSet& set : sets) {
    const std::filesystem::path directory =
        std::filesystem::path(options.out) / set.name.ToText();
    RETURN_IF_ERROR(collateral::WriteSetDirectory(directory, set.documents));
    written.String(directory.string());
    if (!console.json()) {
      console.out << directory.string() << "\n";
    }
  }
  if (console.json()) {
    console.out << JsonObject().Raw("directories", written.Close()).Close()
                << "\n";
  }
  return {};
}

}  // namespace

void AddCollateralImport(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("collateral", "import",
                   "verify a bundle and lay its sets out as directories",
                   [options](const Console& console) {
                     return CollateralImport(*options, console);
                   });
  command.AddOption("FILE", options->file, "bundle that 'export' wrote")
      .Required();
  AddTrustAnchor(command, options->trust_anchor);
  command
      .AddOption("--out", options->out,
                 "directory that gets one directory a set; files there are "
                 "replaced")
      .Required();
}

}  // namespace tdxvfs::cli

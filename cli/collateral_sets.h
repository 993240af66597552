// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COLLATERAL_SETS_H_
#define TDXVFS_CLI_COLLATERAL_SETS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::cli {

// A set where it was found.
struct FoundSet {
  std::string place;  // path; of a bundle's set with its name behind it
  // What bundle or cache call it; a set directory has no name of its own.
  std::optional<collateral::SetName> name;
  verify::CollateralDocuments documents;
};

// A set of a folder that cannot be read.
struct DamagedSet {
  std::string place;
  std::string why;
};

// The sets at a path: a directory of the six files, a directory of such
// directories (as `collateral import` makes) or of a key server's cache, or a
// bundle file. Fails with kFileNotFound, kFileUnreadable or kFileInvalid; a
// path without a set is kFileNotFound. With `damaged`, a set of a folder that
// cannot be read goes there and hides none of the others.
Result<std::vector<FoundSet>> FindSets(
    const std::filesystem::path& path,
    std::vector<DamagedSet>* damaged = nullptr);

// Intel's root, or the certificate in a PEM file. Fails as ReadFile and
// TrustAnchor::FromPem do.
Result<verify::TrustAnchor> AnchorFromOption(const std::string& file);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COLLATERAL_SETS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_BATCH_VECTOR_H_
#define TDXVFS_CLI_BATCH_VECTOR_H_

#include <filesystem>
#include <string>
#include <vector>

#include "cli/collateral_folder.h"
#include "common/result.h"

namespace tdxvfs::cli {

// One item of a list for `quote verify --batch`, as it stands there: texts may
// be empty where a member is missing or no string.
struct BatchVector {
  std::string id;
  std::string quote;
  std::string collateral;
  std::string at;
  CollateralOverrides overrides;
  // A member that is there but not of its type; empty when all are.
  std::string wrong;
};

// Reads a list of at most 64 MiB. An item with a doubled member, or with a path
// that no file can have, is `wrong`. Fails as ReadFile does, or with
// kFileInvalid when it is no JSON list of objects.
Result<std::vector<BatchVector>> ReadBatch(const std::filesystem::path& file);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_BATCH_VECTOR_H_

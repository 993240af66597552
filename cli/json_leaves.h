// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_JSON_LEAVES_H_
#define TDXVFS_CLI_JSON_LEAVES_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::cli {

// One scalar of a JSON document and where it stands: "rtmr.0[]" for the
// elements of a list of scalars, "checks[2].name" inside a list of objects.
struct JsonLeaf {
  std::string path;
  std::string value;  // text of a string; otherwise as JSON spells it
};

// Every scalar of a JSON object in document order. Fails with kFileInvalid on
// anything that is not one object, is nested deeper than 16 levels or has a
// member twice.
Result<std::vector<JsonLeaf>> ReadJsonLeaves(std::string_view json);

// The value at `path`, part of `leaves`, or an empty text when there is none.
const std::string& LeafAt(const std::vector<JsonLeaf>& leaves,
                          std::string_view path);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_JSON_LEAVES_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_POLICY_FILE_H_
#define TDXVFS_CLI_POLICY_FILE_H_

#include <filesystem>
#include <string>

#include "cli/console.h"
#include "common/result.h"

namespace tdxvfs::cli {

// The text of a policy file that MeasurementPolicy::Parse takes. Fails as
// ReadFile and Parse do, naming the file.
Result<std::string> ReadPolicyFile(const std::filesystem::path& path);

// Remarks about what such a text allows and cannot mean. Fails as Parse does.
Result<void> NoteDoubts(const std::string& json, const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_POLICY_FILE_H_

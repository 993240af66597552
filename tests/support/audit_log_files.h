// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_AUDIT_LOG_FILES_H_
#define TDXVFS_TESTS_SUPPORT_AUDIT_LOG_FILES_H_

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "common/file.h"
#include "keyserver/audit/log_directory.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::testing {

// Where the files of the audit log in a folder are, oldest first.
inline std::vector<std::filesystem::path> LogPathsIn(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (keyserver::LastSequenceOf(entry.path()) != 0) {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  paths.push_back(folder / "audit.jsonl");
  return paths;
}

// What is in them.
inline std::vector<std::string> LogFilesIn(
    const std::filesystem::path& folder) {
  constexpr std::size_t kMaxFile = 64 << 20;
  std::vector<std::string> files;
  for (const auto& path : LogPathsIn(folder)) {
    files.push_back(Checked(ReadFile(path, kMaxFile)));
  }
  return files;
}

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_AUDIT_LOG_FILES_H_

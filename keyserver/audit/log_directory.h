// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_LOG_DIRECTORY_H_
#define TDXVFS_KEYSERVER_AUDIT_LOG_DIRECTORY_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// The folder of an audit log: `audit.jsonl`, which is written, and full files
// named after their last line's number, `audit-000000004711.jsonl`. One process
// at a time holds it. Everything fails with kAuditUnavailable.
class LogDirectory {
 public:
  static Result<LogDirectory> Open(const std::filesystem::path& path);
  // The file that the log in the folder `path` is written to.
  static std::filesystem::path Current(const std::filesystem::path& path);

  const std::filesystem::path& current() const { return current_; }
  // What a full file with this last line is called.
  std::filesystem::path FullPath(std::uint64_t last_sequence) const;
  // The folder itself.
  int descriptor() const { return directory_.get(); }
  // The full files, oldest first.
  Result<std::vector<std::filesystem::path>> Full() const;
  // The file that is written, made when there is none; synced into the folder.
  Result<UniqueFd> OpenCurrent() const;
  // Makes the current file a full one and starts another with `text`, which is
  // on disk before anything is renamed. When this fails, the current file is
  // still the current one, or the error says that it has no name any more.
  Result<UniqueFd> StartFile(std::uint64_t last_sequence,
                             const std::string& text) const;

 private:
  LogDirectory(std::filesystem::path path, UniqueFd directory);

  std::filesystem::path path_;
  std::filesystem::path current_;
  std::filesystem::path next_;
  UniqueFd directory_;
};

// The number in a full file's name; 0 for other names.
std::uint64_t LastSequenceOf(const std::filesystem::path& file);

// Opens a full file for reading.
Result<UniqueFd> OpenFull(const std::filesystem::path& file);

// Writes all of it. Returns 0 or the system's error number.
int WriteAll(int file, std::string_view text);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_LOG_DIRECTORY_H_

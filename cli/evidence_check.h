// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_EVIDENCE_CHECK_H_
#define TDXVFS_CLI_EVIDENCE_CHECK_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/evidence_place.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::cli {

// What the evidence files beside a log say of its records.
struct EvidenceCount {
  std::uint64_t noted = 0;  // records whose evidence was kept
  std::uint64_t there = 0;  // of those, what was shown is there still
  std::uint64_t wrong = 0;  // or is not what was shown
  std::string first_file;   // of the wrong ones
  std::string first;        // and what is wrong with it
};

// Compares evidence files with the digests in the records of a log. A server
// drops the oldest files of releases and of refusals, so one that is gone is
// wrong only while an older one of its kind is there. Not thread-safe.
class EvidenceCheck {
 public:
  // The folder of the evidence need not be there.
  void InFolderOf(const std::filesystem::path& log);
  // A line of the log in that folder. Fails with kFileUnreadable.
  Result<void> Line(std::string_view line);

  const EvidenceCount& count() const { return count_; }

 private:
  Result<void> Compare(const audit::EvidencePlace& place,
                       std::string_view audit_id, std::string_view digest);
  Result<void> OpenFile(const std::string& name);
  Result<bool> OlderIsThere(const std::string& name) const;
  void Wrong(const std::string& file, std::string_view audit_id,
             std::string_view text);

  std::filesystem::path folder_;
  std::string open_name_;
  UniqueFd open_file_;           // none: it is not there,
  bool older_is_there_ = false;  // though an older one of its kind is
  EvidenceCount count_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_EVIDENCE_CHECK_H_

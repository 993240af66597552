// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_EVIDENCE_FILES_H_
#define TDXVFS_KEYSERVER_AUDIT_EVIDENCE_FILES_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// [audit] of the configuration: what is kept beside the records.
struct EvidenceLimits {
  bool keep = true;
  std::uint32_t days = 90;
  std::uint64_t max_bytes = std::uint64_t{1} << 30U;  // on disk

  bool operator==(const EvidenceLimits&) const = default;
};

// Evidence beside the audit log, in files of its own, so that it can be dropped
// without touching a record. Each file holds one UTC day or part of one; the
// oldest are removed once they are older than `days` or all together larger
// than `max_bytes`. Releases have three quarters of the room and refusals the
// rest: whoever rents a genuine guest cannot push out what was shown for a
// release (threat A17). Not synced: a record is complete without, and says by
// its digest whether the evidence is what was shown. Thread-safe.
class EvidenceFiles {
 public:
  // Makes the folder if need be. Fails with kAuditUnavailable.
  static Result<std::unique_ptr<EvidenceFiles>> Open(
      const std::filesystem::path& folder, const EvidenceLimits& limits);

  // Appends and returns where: "FILE:OFFSET:SIZE". Fails with
  // kAuditUnavailable.
  Result<std::string> Keep(std::span<const std::uint8_t> evidence,
                           bool released,
                           std::chrono::system_clock::time_point now);

  // What was kept there. Fails with kFileNotFound once it was dropped, and with
  // kFileInvalid for a place that Keep never gave or whose file was cut off.
  Result<std::vector<std::uint8_t>> Read(std::string_view place) const;

 private:
  // Files of releases or of refusals, by name: oldest first.
  struct Shelf {
    Shelf(std::string names_begin, std::uint64_t bytes)
        : prefix(std::move(names_begin)), max_bytes(bytes) {}

    const std::string prefix;
    const std::uint64_t max_bytes;
    std::map<std::string, std::uint64_t> sizes{};
    std::set<std::string> of_former_runs{};  // of those
    // The newest file, open for the next record.
    UniqueFd open_file{};
    ino_t open_inode = 0;
    dev_t open_device = 0;
  };

  EvidenceFiles(std::filesystem::path folder, const EvidenceLimits& limits);
  Result<void> FindFiles();
  static std::string NameFor(const Shelf& shelf, const std::string& day,
                             std::size_t size);
  void DropOld(Shelf* shelf, const std::string& first_day);
  Result<std::uint64_t> OpenToAppend(Shelf* shelf,
                                     const std::string& name) const;

  const std::filesystem::path folder_;
  const EvidenceLimits limits_;
  std::mutex mutex_;
  Shelf releases_;
  Shelf refusals_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_EVIDENCE_FILES_H_

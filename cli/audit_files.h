// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_AUDIT_FILES_H_
#define TDXVFS_CLI_AUDIT_FILES_H_

#include <cstddef>
#include <filesystem>
#include <vector>

#include "cli/evidence_check.h"
#include "common/audit_check.h"
#include "common/result.h"

namespace tdxvfs::cli {

// The files of an audit log in a folder, oldest first: `audit-NUMBER.jsonl` by
// number, `audit.jsonl` last, also where it is gone and others are there. Fails
// with kFileNotFound or kFileUnreadable.
Result<std::vector<std::filesystem::path>> FindAuditFiles(
    const std::filesystem::path& folder);

// Feeds all of them to both checks and returns how many there were. A server
// may write on and begin new files meanwhile. Fails like the two others.
Result<std::size_t> CheckAuditFolder(const std::filesystem::path& folder,
                                     audit::Check& check,
                                     EvidenceCheck& evidence);

// Feeds a file to the checks, up to the first line that is wrong. Fails as
// ReadFile does.
Result<void> CheckAuditFile(const std::filesystem::path& path,
                            audit::Check& check, EvidenceCheck& evidence);

// A head that was kept elsewhere: its line in the log, or the text of the
// `audit-head` event. The last one in the file counts. Fails as ReadFile does,
// and with kFileInvalid.
Result<audit::Head> ReadHeadFile(const std::filesystem::path& path);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_AUDIT_FILES_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_KEPT_HEAD_H_
#define TDXVFS_KEYSERVER_AUDIT_KEPT_HEAD_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/audit_key.h"
#include "common/result.h"
#include "keyserver/audit/log_view.h"

namespace tdxvfs::keyserver {

// The newest signed head that was told, kept beside the audit key and not in
// the log's folder: a log that was cut off while the server was stopped looks
// whole by itself.

// Where it lies: the key's file with ".head" behind its name.
std::filesystem::path KeptHeadFile(const std::filesystem::path& key_file);

// Keeps a head, its whole line as it stands in the log. Call once the line is
// on disk. Fails as ReplaceFile; then the one before stays, which is as good
// for what was written until then.
Result<void> KeepHead(const std::filesystem::path& key_file,
                      std::string_view line);

// The same for the head that the log ends in, by a server that writes no more:
// whatever stands behind it at the next start was put there by somebody else.
Result<void> KeepLastHead(const std::filesystem::path& key_file,
                          std::string_view line);

// Lines may follow again. Call before the first is written. Fails with
// kAuditUnavailable, or as CheckKeptHead for what the file holds.
Result<void> ForgetStop(const std::filesystem::path& key_file);

// The line that was kept, if `key` signed it, else nothing (none was kept, or
// the key was exchanged since). Fails with kConfigInvalid (the file is none
// that KeepHead wrote) or as ReadFile.
Result<std::optional<std::string>> KeptHead(
    const std::filesystem::path& key_file, const audit::PublicKey& key);

// Whether a log still has the head that was kept; true where none was. Lines
// behind it must follow on each other, and there are none where KeepLastHead
// kept it; otherwise what a crash left there, torn or not, does not matter.
// Full files up to it may have been taken away: then a file begins where the
// log does, with a head that `key` signed. `log` is what to call it. Fails with
// kAuditTampered or kConfigInvalid (the file is none that KeepHead wrote).
Result<void> CheckKeptHead(const LogView& view,
                           const std::filesystem::path& log,
                           const std::filesystem::path& key_file,
                           const audit::PublicKey& key);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_KEPT_HEAD_H_

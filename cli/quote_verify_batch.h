// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_QUOTE_VERIFY_BATCH_H_
#define TDXVFS_CLI_QUOTE_VERIFY_BATCH_H_

#include <chrono>
#include <filesystem>
#include <ostream>

#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::cli {

// Judges a list of vectors, one line of JSON on `out` for each: `id` and the
// members of a verdict. FILE is a JSON list of objects with `id`, `quote`,
// `collateral` (a folder), `at` (absent: `now`) and `override` (from member of
// the set to a file); paths are relative to FILE, other members are ignored. A
// vector whose files cannot be read is refused on its line. Fails when the list
// itself cannot be read: as ReadFile does, or with kFileInvalid.
Result<void> VerifyBatch(const std::filesystem::path& file,
                         const verify::TrustAnchor& anchor,
                         std::chrono::system_clock::time_point now,
                         std::ostream& out);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_QUOTE_VERIFY_BATCH_H_

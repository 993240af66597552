// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_AUDIT_LINE_H_
#define TDXVFS_COMMON_AUDIT_LINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/sha256.h"

// The lines of a hash-chained audit log (docs/audit.md): what the server writes
// and what anybody checks.
namespace tdxvfs::audit {

// Where a chain stands: number and link of its last line, zeroes before the
// first.
struct Position {
  std::uint64_t sequence = 0;
  Sha256Digest link{};
};

// SHA-256 over the link before, as 64 lower-case digits, and the line's bytes
// before its link. Fails with kInternal only.
Result<Sha256Digest> LinkAfter(const Sha256Digest& before,
                               std::string_view body);

// Adds the members `seq` and `link` to a JSON object (not an empty one) and
// moves `position` to the new line, which has no newline yet. Fails with
// kInternal only; nothing moves then.
Result<std::string> LinkLine(std::string_view json, Position* position);

// A line taken apart; views into it.
struct LinkedLine {
  std::string_view body;  // what the link covers besides the one before
  Position position;
};

// Nothing when the line does not end in the two members as LinkLine writes
// them: other spellings of the same numbers are refused too.
std::optional<LinkedLine> ReadLinkedLine(std::string_view line);

// Exactly `digits` as 32 bytes in lower-case hex, or nothing.
std::optional<Sha256Digest> ReadDigest(std::string_view digits);

// A number as std::to_string writes it, or nothing.
std::optional<std::uint64_t> ReadCount(std::string_view digits);

}  // namespace tdxvfs::audit

#endif  // TDXVFS_COMMON_AUDIT_LINE_H_

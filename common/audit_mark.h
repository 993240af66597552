// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_AUDIT_MARK_H_
#define TDXVFS_COMMON_AUDIT_MARK_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/audit_key.h"
#include "common/audit_line.h"
#include "common/result.h"

// Lines of an audit log that are about the log itself (docs/audit.md). Each
// writer gives a JSON object for LinkLine; each reader takes the body of a
// linked line and gives nothing when it is not exactly such an object.
namespace tdxvfs::audit {

// At most so many lines stand between two heads, the marks of torn lines and
// new files among them, so that records nobody signed cannot hide.
inline constexpr std::uint32_t kMaxUnsignedLines = 256;

// A head says, signed, how far the log had come and with which link.
struct Head {
  std::string time;      // as JsonTime writes it
  std::string instance;  // 4 digits of hex
  PublicKey::Bytes key{};
  Position last;  // the line before the head
  std::string signature;
};

// What the signature covers: `tdxvfs-audit-head-v1` and instance, number, link
// and time, each on a line of its own.
std::string SignedText(const Head& head);

// Signs where the log stands.
Result<std::string> HeadJson(const SigningKey& key, std::string_view instance,
                             const Position& last,
                             std::chrono::system_clock::time_point now);
std::optional<Head> ReadHead(std::string_view body);

// The first line of a chain. Lines that an older version wrote without links
// may stand before it in the same file; their bytes are bound by digest.
struct ChainBegin {
  std::string instance;
  PublicKey::Bytes key{};
  std::uint64_t unlinked_bytes = 0;
  Sha256Digest unlinked_sha256{};
};
std::string ToJson(const ChainBegin& begin,
                   std::chrono::system_clock::time_point now);
std::optional<ChainBegin> ReadChainBegin(std::string_view body);

// The first line of every further file: where the one before ended.
struct FileBegin {
  std::string instance;
  Position last;
};
std::string ToJson(const FileBegin& begin,
                   std::chrono::system_clock::time_point now);
std::optional<FileBegin> ReadFileBegin(std::string_view body);

// A crash had torn the last line, which nobody had been told of; it was cut.
std::string TornJson(std::uint64_t bytes, const Sha256Digest& sha256,
                     std::chrono::system_clock::time_point now);

// The heads that follow are signed by another key than those before.
std::string KeyChangeJson(const PublicKey& key, const PublicKey::Bytes& before,
                          std::chrono::system_clock::time_point now);

// What kind of line about the log itself this is ("head", "torn"...), or
// empty for a decision or an outcome.
std::string_view MarkKind(std::string_view body);

}  // namespace tdxvfs::audit

#endif  // TDXVFS_COMMON_AUDIT_MARK_H_

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/kept_head.h"

#include <cstdint>
#include <string>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/file.h"
#include "common/hex.h"
#include "keyserver/audit/line_scanner.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxHead = 4096;  // bytes; a head has some 500
constexpr mode_t kFileMode = 0600;

struct Found {
  std::uint64_t last = 0;  // number of the log's last line
  bool differs = false;    // another line stands where the head did
};

// Reads back until the line with the head's number.
Result<Found> LookFor(const LogView& view, std::string_view head,
                      std::uint64_t sequence) {
  LogView whole = view;
  ASSIGN_OR_RETURN(whole.size, EndOfLastLine(view.current->get(), view.size));
  Found found;
  RETURN_IF_ERROR(ScanBackward(whole, [&](std::string_view line) {
    const auto linked = audit::ReadLinkedLine(line);
    if (!linked.has_value()) {
      return false;
    }
    const std::uint64_t number = linked->position.sequence;
    found.last = found.last == 0 ? number : found.last;
    if (number > sequence) {
      return true;
    }
    found.differs = found.last >= sequence && line != head;
    return false;
  }));
  return found;
}

Error Tampered(const std::filesystem::path& log, const std::string& what,
               const std::filesystem::path& kept) {
  return {Reason::kAuditTampered,
          "audit log '" + log.string() + "' " + what + ", which lies in '" +
              kept.string() + "'; to begin a new log, move both away together"};
}

}  // namespace

std::filesystem::path KeptHeadFile(const std::filesystem::path& key_file) {
  return key_file.string() + ".head";
}

Result<void> KeepHead(const std::filesystem::path& key_file,
                      std::string_view line) {
  return ReplaceFile(KeptHeadFile(key_file), AsBytes(std::string(line) + "\n"),
                     kFileMode);
}

Result<void> CheckKeptHead(const LogView& view,
                           const std::filesystem::path& log,
                           const std::filesystem::path& key_file) {
  const std::filesystem::path file = KeptHeadFile(key_file);
  auto kept = ReadFile(file, kMaxHead);
  if (!kept.has_value()) {
    return kept.error().reason() == Reason::kFileNotFound
               ? Result<void>()
               : Result<void>(std::move(kept).error());
  }
  const std::string_view head =
      std::string_view(*kept).substr(0, kept->find('\n'));
  const auto linked = audit::ReadLinkedLine(head);
  if (!linked.has_value() || !audit::ReadHead(linked->body).has_value()) {
    return Error(Reason::kConfigInvalid,
                 "'" + file.string() + "' is not a head of an audit log");
  }
  const std::uint64_t sequence = linked->position.sequence;
  ASSIGN_OR_RETURN(const Found found, LookFor(view, head, sequence));
  const std::string number = std::to_string(sequence);
  if (found.last < sequence) {
    return Tampered(log,
                    "was cut off: it ends at line " +
                        std::to_string(found.last) +
                        ", and this server signed a head in line " + number,
                    file);
  }
  return found.differs
             ? Tampered(log,
                        "was changed: line " + number +
                            " is not the head that this server signed",
                        file)
             : Result<void>();
}

}  // namespace tdxvfs::keyserver

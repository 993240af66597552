// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/kept_head.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/unique_fd.h"
#include "keyserver/audit/line_scanner.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxHead = 4096;  // bytes; a head has some 500
constexpr mode_t kFileMode = 0600;
// The line behind the head: the log ended there when the server was stopped.
constexpr std::string_view kStopped = "stopped\n";

struct Found {
  std::uint64_t last = 0;    // number of the log's last line
  std::uint64_t broken = 0;  // of a line that does not follow on the one before
  bool torn = false;         // the log ends within a line
  bool unlinked = false;  // behind the head's place stands a line without one
  bool reached = false;   // a line with the head's number, or a lower one
  bool same = false;      // and it is the head
  // The first two lines that are left where it was not reached.
  std::string oldest;
  std::string second;
};

// What KeepHead wrote.
struct Kept {
  std::string line;
  audit::Head head;
  std::uint64_t sequence = 0;  // the line's number
  bool stopped = false;
};

Result<std::optional<Kept>> ReadKept(const std::filesystem::path& key_file) {
  const std::filesystem::path file = KeptHeadFile(key_file);
  const auto text = ReadFile(file, kMaxHead);
  if (!text.has_value() && text.error().reason() == Reason::kFileNotFound) {
    return std::optional<Kept>();
  }
  RETURN_IF_ERROR(text);
  Kept kept;
  kept.line = text->substr(0, text->find('\n'));
  kept.stopped = *text == kept.line + "\n" + std::string(kStopped);
  const auto linked = audit::ReadLinkedLine(kept.line);
  const auto head =
      linked.has_value() ? audit::ReadHead(linked->body) : std::nullopt;
  if (!head.has_value()) {
    return Error(Reason::kConfigInvalid,
                 "'" + file.string() +
                     "' is not a head of an audit log; check the log with "
                     "'tdxvfs audit verify' and a head that was kept "
                     "elsewhere, then move this file away");
  }
  kept.head = *head;
  kept.sequence = linked->position.sequence;
  return std::optional(std::move(kept));
}

bool FollowsOn(std::string_view line, const audit::LinkedLine& before) {
  const auto linked = audit::ReadLinkedLine(line);
  if (!linked.has_value() ||
      linked->position.sequence != before.position.sequence + 1) {
    return false;
  }
  const auto link = audit::LinkAfter(before.position.link, linked->body);
  return link.has_value() && *link == linked->position.link;
}

// Reads back to the line with the head's number, and the one before it, which
// it has to follow on.
Result<Found> LookFor(const LogView& view, std::string_view head,
                      std::uint64_t sequence) {
  LogView whole = view;
  ASSIGN_OR_RETURN(whole.size, EndOfLastLine(view.current->get(), view.size));
  Found found;
  found.torn = whole.size != view.size;
  RETURN_IF_ERROR(ScanBackward(whole, [&](std::string_view line) {
    const auto linked = audit::ReadLinkedLine(line);
    if (!linked.has_value()) {
      found.unlinked = true;
      return false;
    }
    const std::uint64_t number = linked->position.sequence;
    if (!found.oldest.empty() && !FollowsOn(found.oldest, *linked)) {
      found.broken = audit::ReadLinkedLine(found.oldest)->position.sequence;
    }
    if (found.reached) {
      return false;
    }
    found.last = found.last == 0 ? number : found.last;
    found.reached = number <= sequence;
    found.same = line == head;
    found.second = std::exchange(found.oldest, std::string(line));
    return true;
  }));
  return found;
}

// A file that this server began says so and has a signed head next.
bool BeginsAtHead(const Found& found, const audit::PublicKey& key) {
  const auto first = audit::ReadLinkedLine(found.oldest);
  const auto second = audit::ReadLinkedLine(found.second);
  if (!first.has_value() || !second.has_value()) {
    return false;
  }
  const auto head = audit::ReadHead(second->body);
  return head.has_value() && head->last.sequence == first->position.sequence &&
         head->last.link == first->position.link &&
         key.Verifies(audit::SignedText(*head), head->signature);
}

Error Tampered(const std::filesystem::path& log, const std::string& what,
               const std::filesystem::path& kept) {
  return {Reason::kAuditTampered,
          "audit log '" + log.string() + "' " + what +
              "; the head is kept in '" + kept.string() +
              "'; to begin a new log, move both away together"};
}

// Empty when nothing is.
std::string WhatIsWrong(const Found& found, const Kept& kept,
                        const audit::PublicKey& key) {
  const std::uint64_t sequence = kept.sequence;
  const std::string number = std::to_string(sequence);
  if (found.unlinked) {
    return "was changed: behind line " + number +
           ", a head that this server signed, is a line without a link";
  }
  if (found.last < sequence) {
    return "was cut off: it ends at line " + std::to_string(found.last) +
           ", and this server signed a head in line " + number;
  }
  if (found.reached && !found.same) {
    return "was changed: line " + number +
           " is not the head that this server signed";
  }
  if (!found.reached && !BeginsAtHead(found, key)) {
    return "was changed: line " + number +
           ", a head that this server signed, is gone, and what is left does "
           "not begin with a file that this server began";
  }
  if (found.broken != 0) {
    return "was changed: line " + std::to_string(found.broken) +
           " does not follow on the line before it";
  }
  if (kept.stopped && (found.last > sequence || found.torn)) {
    return "was changed: behind line " + number +
           ", a head that this server signed when it was stopped, more was "
           "written (or the key's folder is an older copy: see the runbook)";
  }
  return "";
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

Result<void> KeepLastHead(const std::filesystem::path& key_file,
                          std::string_view line) {
  return ReplaceFile(KeptHeadFile(key_file),
                     AsBytes(std::string(line) + "\n" + std::string(kStopped)),
                     kFileMode);
}

// Cut off in its place: that takes no room on a full disk.
Result<void> ForgetStop(const std::filesystem::path& key_file) {
  ASSIGN_OR_RETURN(const std::optional<Kept> kept, ReadKept(key_file));
  if (!kept.has_value() || !kept->stopped) {
    return {};
  }
  const std::filesystem::path path = KeptHeadFile(key_file);
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  const auto size = static_cast<off_t>(kept->line.size() + 1);
  if (!file.valid() || ftruncate(file.get(), size) != 0 ||
      fsync(file.get()) != 0) {
    return SystemError(Reason::kAuditUnavailable,
                       "note the start in '" + path.string() + "'", errno);
  }
  return {};
}

Result<std::optional<std::string>> KeptHead(
    const std::filesystem::path& key_file, const audit::PublicKey& key) {
  ASSIGN_OR_RETURN(const std::optional<Kept> kept, ReadKept(key_file));
  const bool ours =
      kept.has_value() &&
      key.Verifies(audit::SignedText(kept->head), kept->head.signature);
  return ours ? std::optional(kept->line) : std::nullopt;
}

Result<void> CheckKeptHead(const LogView& view,
                           const std::filesystem::path& log,
                           const std::filesystem::path& key_file,
                           const audit::PublicKey& key) {
  ASSIGN_OR_RETURN(const std::optional<Kept> kept, ReadKept(key_file));
  if (!kept.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(const Found found,
                   LookFor(view, kept->line, kept->sequence));
  const std::string wrong = WhatIsWrong(found, *kept, key);
  return wrong.empty() ? Result<void>()
                       : Tampered(log, wrong, KeptHeadFile(key_file));
}

}  // namespace tdxvfs::keyserver

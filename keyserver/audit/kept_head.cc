// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/kept_head.h"

#include <cstdint>
#include <string>
#include <utility>

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
  bool unlinked = false;   // behind the head's place stands a line without one
  bool reached = false;    // a line with the head's number, or a lower one
  bool same = false;       // and it is the head
  // The first two lines that are left where it was not reached.
  std::string oldest;
  std::string second;
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
      found.unlinked = true;
      return false;
    }
    const std::uint64_t number = linked->position.sequence;
    found.last = found.last == 0 ? number : found.last;
    found.reached = number <= sequence;
    found.same = line == head;
    found.second = std::exchange(found.oldest, std::string(line));
    return !found.reached;
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
          "audit log '" + log.string() + "' " + what + ", which lies in '" +
              kept.string() + "'; to begin a new log, move both away together"};
}

// Empty when nothing is.
std::string WhatIsWrong(const Found& found, std::uint64_t sequence,
                        const audit::PublicKey& key) {
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

Result<std::optional<std::string>> KeptHead(
    const std::filesystem::path& key_file, const audit::PublicKey& key) {
  auto kept = ReadFile(KeptHeadFile(key_file), kMaxHead);
  if (!kept.has_value() && kept.error().reason() == Reason::kFileNotFound) {
    return std::optional<std::string>();
  }
  RETURN_IF_ERROR(kept);
  const std::string line = kept->substr(0, kept->find('\n'));
  const auto linked = audit::ReadLinkedLine(line);
  const auto head =
      linked.has_value() ? audit::ReadHead(linked->body) : std::nullopt;
  return head.has_value() &&
                 key.Verifies(audit::SignedText(*head), head->signature)
             ? std::optional(line)
             : std::nullopt;
}

Result<void> CheckKeptHead(const LogView& view,
                           const std::filesystem::path& log,
                           const std::filesystem::path& key_file,
                           const audit::PublicKey& key) {
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
  const std::string wrong = WhatIsWrong(found, sequence, key);
  return wrong.empty() ? Result<void>() : Tampered(log, wrong, file);
}

}  // namespace tdxvfs::keyserver

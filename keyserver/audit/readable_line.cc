// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/readable_line.h"

#include <algorithm>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/utf8.h"

namespace tdxvfs::keyserver {
namespace {

bool IsAboutTheLog(std::string_view line) {
  const auto linked = audit::ReadLinkedLine(line);
  return linked.has_value() && !audit::MarkKind(linked->body).empty();
}

bool IsKnown(std::string_view kind) {
  return kind == "release" || kind == "refusal" || kind == "outcome";
}

// Two lines that a damaged line break made one, or a block that reads as
// zeroes: JSON has no control characters, and a record ends with its link.
bool IsWhole(std::string_view line) {
  const std::string_view link = R"(,"link":")";
  const std::size_t at = line.find(link);
  return std::ranges::none_of(
             line,
             [](char c) { return static_cast<unsigned char>(c) < 0x20; }) &&
         (at == std::string_view::npos ||
          (audit::ReadLinkedLine(line).has_value() && at == line.rfind(link)));
}

}  // namespace

std::optional<AuditLineHead> ReadLine(std::string_view line,
                                      std::size_t* damaged) {
  auto head = ReadHead(line);
  // An answer with a line that is no text would not arrive.
  if (head.has_value() && IsKnown(head->kind) && IsUtf8(line) &&
      IsWhole(line)) {
    return head;
  }
  *damaged += head.has_value() || !IsAboutTheLog(line) ? 1U : 0U;
  return std::nullopt;
}

}  // namespace tdxvfs::keyserver

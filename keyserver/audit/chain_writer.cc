// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/chain_writer.h"

namespace tdxvfs::keyserver {
namespace {

// Leaves room below the format's limit for what a start adds.
constexpr std::uint32_t kLinesToAHead = audit::kMaxUnsignedLines / 2;

}  // namespace

Result<void> ChainWriter::AddLine(std::string_view json, std::string* text) {
  ASSIGN_OR_RETURN(const std::string line,
                   audit::LinkLine(json, &state_.position));
  *text += line;
  *text += '\n';
  ++state_.unsigned_lines;
  return {};
}

Result<void> ChainWriter::Add(std::string_view json, Time now,
                              std::string* text) {
  RETURN_IF_ERROR(AddLine(json, text));
  if (state_.unsigned_lines >= kLinesToAHead) {
    return AddHead(now, text);
  }
  return {};
}

Result<void> ChainWriter::AddHead(Time now, std::string* text) {
  ASSIGN_OR_RETURN(const std::string json,
                   audit::HeadJson(key_, instance_, state_.position, now));
  const std::size_t before = text->size();
  RETURN_IF_ERROR(AddLine(json, text));
  state_.head = text->substr(before, text->size() - before - 1);
  state_.unsigned_lines = 0;
  return {};
}

}  // namespace tdxvfs::keyserver

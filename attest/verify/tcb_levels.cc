// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tcb_levels.h"

#include <optional>
#include <string>
#include <utility>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

Result<std::vector<std::string>> ReadAdvisories(const JsonValue& level) {
  std::vector<std::string> advisories;
  ASSIGN_OR_RETURN(const std::optional<JsonValue> list,
                   level.OptionalMember("advisoryIDs"));
  if (!list.has_value()) {
    return advisories;
  }
  ASSIGN_OR_RETURN(const std::vector<JsonValue> elements, list->Elements());
  for (const JsonValue& element : elements) {
    ASSIGN_OR_RETURN(const std::string_view advisory, element.Text());
    if (advisory.empty()) {
      return element.Refused("empty");
    }
    advisories.emplace_back(advisory);
  }
  return advisories;
}

// The relaunch statuses come out of an evaluation, never out of a document.
bool StandsInDocuments(TcbStatus status) {
  return status != TcbStatus::kTdRelaunchAdvised &&
         status != TcbStatus::kTdRelaunchAdvisedConfigurationNeeded;
}

// Modules and enclaves have nothing to configure.
bool IsIsvStatus(TcbStatus status) {
  return status == TcbStatus::kUpToDate || status == TcbStatus::kOutOfDate ||
         status == TcbStatus::kRevoked;
}

Result<IsvTcbLevel> ReadIsvLevel(const JsonValue& level) {
  IsvTcbLevel read;
  ASSIGN_OR_RETURN(const JsonValue tcb, level.Member("tcb"));
  ASSIGN_OR_RETURN(read.isv_svn, tcb.IntegerAt<std::uint16_t>("isvsvn"));
  ASSIGN_OR_RETURN(read.outcome, ReadLevelOutcome(level));
  if (!IsIsvStatus(read.outcome.status)) {
    return level.Refused("tcbStatus is not UpToDate, OutOfDate or Revoked");
  }
  return read;
}

}  // namespace

Result<TcbLevelOutcome> ReadLevelOutcome(const JsonValue& level) {
  TcbLevelOutcome outcome;
  ASSIGN_OR_RETURN(const JsonValue name, level.Member("tcbStatus"));
  ASSIGN_OR_RETURN(const std::string_view text, name.Text());
  const auto status = attest::TcbStatusFromName(text);
  if (!status.has_value() || !StandsInDocuments(*status)) {
    return name.Refused("not a TCB status");
  }
  outcome.status = *status;
  ASSIGN_OR_RETURN(outcome.date, level.DateAt("tcbDate"));
  ASSIGN_OR_RETURN(outcome.advisory_ids, ReadAdvisories(level));
  return outcome;
}

Result<std::vector<IsvTcbLevel>> ReadIsvLevels(const JsonValue& holder) {
  ASSIGN_OR_RETURN(const JsonValue list, holder.Member("tcbLevels"));
  ASSIGN_OR_RETURN(const std::vector<JsonValue> elements, list.Elements());
  if (elements.empty()) {
    return list.Refused("empty");
  }
  std::vector<IsvTcbLevel> levels;
  for (const JsonValue& element : elements) {
    ASSIGN_OR_RETURN(IsvTcbLevel level, ReadIsvLevel(element));
    if (!levels.empty() && level.isv_svn >= levels.back().isv_svn) {
      return element.Refused("not below the level before it");
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

}  // namespace tdxvfs::verify

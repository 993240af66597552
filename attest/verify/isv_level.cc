// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/isv_level.h"

#include <algorithm>

#include "attest/verify/utc_time.h"

namespace tdxvfs::verify {

const IsvTcbLevel* FindIsvLevel(const std::vector<IsvTcbLevel>& levels,
                                std::uint16_t isv_svn) {
  const auto found = std::find_if(
      levels.begin(), levels.end(),
      [isv_svn](const IsvTcbLevel& level) { return level.isv_svn <= isv_svn; });
  return found == levels.end() ? nullptr : &*found;
}

std::string OutcomeText(const TcbLevelOutcome& outcome) {
  std::string text(attest::TcbStatusName(outcome.status));
  if (outcome.status != attest::TcbStatus::kUpToDate) {
    text += ", level of " + UtcText(outcome.date).substr(0, 10);
  }
  return text;
}

attest::Check CheckIsvLevel(std::string_view what,
                            const std::vector<IsvTcbLevel>& levels,
                            std::uint16_t isv_svn) {
  const IsvTcbLevel* level = FindIsvLevel(levels, isv_svn);
  attest::Check check;
  check.name = std::string(what) + " TCB level";
  check.source = "Intel PCS API v4, enclave identity: tcbLevels";
  if (levels.empty()) {
    check.expected = "a level for " + std::string(what);
    check.actual = "the document has none";
    return check;
  }
  check.expected = std::string(what) + " SVN " +
                   std::to_string(levels.back().isv_svn) + " or higher, " +
                   std::to_string(levels.front().isv_svn) + " is the newest";
  check.actual = "SVN " + std::to_string(isv_svn) + ": " +
                 (level == nullptr ? "below every level that Intel supports"
                                   : OutcomeText(level->outcome));
  check.passed = level != nullptr;
  return check;
}

}  // namespace tdxvfs::verify

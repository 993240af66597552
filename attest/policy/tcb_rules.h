// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_TCB_RULES_H_
#define TDXVFS_ATTEST_POLICY_TCB_RULES_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attest/check.h"
#include "attest/policy/utc_date.h"
#include "attest/tcb_verdict.h"
#include "common/result.h"

namespace tdxvfs::policy {

class JsonMember;

// The member "tcb" of a policy: which platforms are up to date enough.
struct TcbRules {
  // A status that is accepted for a while: until the end of a day, or while
  // the TCB date lies at most so many days back.
  using Grace = std::variant<Date, std::chrono::days>;

  std::vector<attest::TcbStatus> accept = {attest::TcbStatus::kUpToDate};
  std::map<attest::TcbStatus, Grace> grace;
  // For statuses other than UpToDate; absent: whatever Intel names.
  std::optional<std::vector<std::string>> advisories;
  std::optional<Date> minimum_tcb_date;
  std::optional<std::uint32_t> minimum_evaluation_number;
  std::optional<std::chrono::days> maximum_collateral_age;
};

// Fails with kPolicyInvalid naming the path. Revoked can stand nowhere.
Result<TcbRules> ReadTcbRules(const JsonMember& member);

// Whether a status passes for ever, without grace.
bool Accepts(const TcbRules& rules, attest::TcbStatus status);

// What the platform itself is like: its status, TCB date and advisories. A
// guest may learn that these were refused. `verdict` is null where the server
// was configured to do without collateral: then the status is not looked at,
// and every other rule fails.
attest::Checks CheckPlatformTcb(const TcbRules& rules,
                                const attest::TcbVerdict* verdict,
                                std::chrono::system_clock::time_point now);

// How old the collateral is that says so.
attest::Checks CheckCollateralAge(const TcbRules& rules,
                                  const attest::TcbVerdict* verdict,
                                  std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_TCB_RULES_H_

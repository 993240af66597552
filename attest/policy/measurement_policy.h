// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_
#define TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::policy {

using Measurement = attest::ByteArray<48>;

// Two masks over the 8 bytes in quote order.
struct BitRule {
  attest::ByteArray<8> allowed{};
  attest::ByteArray<8> required{};
};

// What a volume's owner accepts (docs/policy.schema.json, version 1). Absent
// members have the strict defaults that the schema describes.
class MeasurementPolicy {
 public:
  // Reads and validates a policy file of at most 64 KiB: doubled, unknown,
  // null and empty members are refused, and so is a policy that leaves out
  // mr_td, or rtmr 0-2 without acknowledging each. Fails with kPolicyInvalid
  // naming the JSON path.
  static Result<MeasurementPolicy> Parse(std::string_view json);

  // Every check on a TD report in order, none skipped after a failure, so that
  // people see all differences at once. Acceptable when all passed.
  attest::Checks Check(const attest::TdReport& report,
                       std::span<const std::uint8_t, 32> config_digest) const;

  // The members of "acknowledge", for audit records.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  // TCB statuses that are accepted; never "Revoked".
  const std::vector<std::string>& tcb_accept() const { return tcb_accept_; }
  // Whether volumes without protection against rollback, and imported ones,
  // may be released under this policy.
  bool allow_rollback() const { return allow_rollback_; }
  bool allow_imported() const { return allow_imported_; }

 private:
  friend class PolicyReader;
  MeasurementPolicy();

  std::vector<Measurement> mr_td_;
  std::array<std::vector<Measurement>, 4> rtmr_;
  std::vector<Measurement> mr_seam_;
  std::vector<Measurement> mr_config_id_;
  std::vector<Measurement> mr_owner_;
  std::vector<Measurement> mr_owner_config_;
  std::optional<std::vector<Measurement>> mr_service_td_;
  BitRule td_attributes_;
  BitRule xfam_;
  std::vector<attest::ByteArray<32>> config_digest_;
  std::vector<std::string> tcb_accept_;
  std::vector<std::string> acknowledged_;
  bool allow_rollback_ = false;
  bool allow_imported_ = false;
};

// Whether every check passed.
bool AllPassed(const attest::Checks& checks);

// A policy file for guests like the one that made this report, for `policy
// from-quote` and `from-audit`; `learned` adds "acknowledge": ["learned"].
//
// Pins mr_td and rtmr 0-2, and mr_config_id, mr_owner and mr_owner_config where
// they are not zero. mr_seam is left open, since every update of the TDX module
// changes it and the TCB level judges the module; so is rtmr 3, which programs
// extend at run time. td_attributes are widened only by SEPT_VE_DISABLE being
// clear and by ICSSD, KL, TPA and PERFMON: a policy for a report with DEBUG,
// MIGRATABLE, profiling bits or a service TD still refuses it until an owner
// allows that by hand.
std::string PolicyFromReport(const attest::TdReport& report, bool learned);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_

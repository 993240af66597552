// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_
#define TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "attest/event_log/event_log.h"
#include "attest/policy/event_rules.h"
#include "attest/policy/platform_rules.h"
#include "attest/policy/tcb_rules.h"
#include "attest/quote.h"
#include "attest/tcb_verdict.h"
#include "common/result.h"

namespace tdxvfs::policy {

using Measurement = attest::ByteArray<48>;

// Two masks over the 8 bytes in quote order.
struct BitRule {
  attest::ByteArray<8> allowed{};
  attest::ByteArray<8> required{};
};

// What is known of one guest. The pointers may be null; what they point to
// outlives the call.
struct GuestEvidence {
  const attest::TdReport& report;  // of a genuine quote
  std::chrono::system_clock::time_point now;
  // Null where nobody said: then a policy that pins it does not accept.
  const attest::ByteArray<32>* config_digest = nullptr;
  // Null without collateral: then the TCB status is not looked at, and every
  // rule about TCB date, advisories, collateral or platform fails.
  const attest::TcbVerdict* tcb = nullptr;
  // Null where the guest sent none: then every rule about events fails. Must
  // have been replayed to the report (event_log/replay.h).
  const event_log::EventLog* event_log = nullptr;
};

enum class Acceptance : std::uint8_t {
  kAccepted,
  // All would do but the platform's TCB: the guest may be told so.
  kTcbRefused,
  kRefused,
};

struct Judgement {
  // In order, none skipped after a failure, so that people see all differences
  // at once.
  attest::Checks checks;
  Acceptance acceptance = Acceptance::kRefused;
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

  // Judges a guest. Fails with kInternal only.
  Result<Judgement> Check(const GuestEvidence& guest) const;

  // The members of "acknowledge", for audit records.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  // What is allowed and yet is hardly meant, one sentence each, for who writes
  // a policy: a register that is pinned and acknowledged as left out, a date
  // that is the wrong side of `now`, a list without effect.
  std::vector<std::string> Doubts(
      std::chrono::system_clock::time_point now) const;
  const TcbRules& tcb() const { return tcb_; }
  // Whether volumes without protection against rollback, and imported ones,
  // may be released under this policy.
  bool allow_rollback() const { return allow_rollback_; }
  bool allow_imported() const { return allow_imported_; }

 private:
  friend class PolicyReader;
  MeasurementPolicy();
  attest::Checks CheckMeasurements(
      const GuestEvidence& guest, const std::vector<LoggedEvent>* events) const;

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
  TcbRules tcb_;
  PlatformRules platforms_;
  EventRules events_;
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
//
// With the guest's event log (null: none), which must have been replayed to the
// report, the policy also names kernel, initrd, command line and boot
// applications, so that a later difference can be explained. Fails with
// kInternal only.
Result<std::string> PolicyFromReport(
    const attest::TdReport& report, bool learned,
    const event_log::EventLog* event_log = nullptr);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_MEASUREMENT_POLICY_H_

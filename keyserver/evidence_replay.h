// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_EVIDENCE_REPLAY_H_
#define TDXVFS_KEYSERVER_EVIDENCE_REPLAY_H_

#include <string>

#include "attest/check.h"
#include "attest/policy/measurement_policy.h"
#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "common/clock.h"
#include "common/result.h"
#include "keyserver/audit/evidence.h"

namespace tdxvfs::keyserver {

// What would be decided now about evidence of earlier.
struct ReplayVerdict {
  std::string reason;     // slug; empty: it would be released
  std::string differing;  // names of the checks that do not hold
  attest::Checks checks;
};

// Judges recorded evidence by a policy: genuine by the trust anchor and the
// collateral of now, bound to the exchange that it came in, event log, policy.
// Not asked, since only the exchange itself can tell: whether the nonce came in
// time and the server certificate is served still; nor is the volume's header,
// which no policy is about. Gives nobody anything. Thread-safe.
class EvidenceReplay {
 public:
  // The parts outlive this; `collateral` is null for collateral = "none".
  EvidenceReplay(const Clock* clock, const verify::TrustAnchor* anchor,
                 verify::CollateralSource* collateral)
      : clock_(clock), anchor_(anchor), collateral_(collateral) {}

  // Fails with kInternal only: evidence that does not hold is a verdict.
  Result<ReplayVerdict> Judge(const ShownEvidence& shown,
                              const policy::MeasurementPolicy& policy) const;

 private:
  const Clock* const clock_;
  const verify::TrustAnchor* const anchor_;
  verify::CollateralSource* const collateral_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_EVIDENCE_REPLAY_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_DECISION_TEXT_H_
#define TDXVFS_KEYSERVER_AUDIT_DECISION_TEXT_H_

#include <string>
#include <string_view>

#include "keyserver/audit/audit_log.h"
#include "keyserver/audit/evidence_files.h"

namespace tdxvfs::keyserver {

// A decision's line with its outcome's as a member, when there is one.
std::string WithOutcome(std::string_view decision, std::string_view outcome);

// What was shown, as the line says. `files` may be null. Fails with
// kFileNotFound when there is nothing, and with kFileInvalid when it is not
// what was shown.
Result<ShownEvidence> EvidenceOf(std::string_view decision,
                                 const EvidenceFiles* files);

// The line with what was shown, or with why it cannot be shown any more.
// `files` may be null: nothing is kept then.
std::string WithEvidence(const std::string& decision,
                         const EvidenceFiles* files);

// Whether a line is about the volume, peer and time asked for; for a decision
// also whether it has the reason.
bool Matches(const AuditFilter& filter, const AuditLineHead& head,
             std::string_view line);

// Whether the filter names anything at all.
bool MatchesEverything(const AuditFilter& filter);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_DECISION_TEXT_H_

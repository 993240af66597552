// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RELEASE_LOG_H_
#define TDXVFS_KEYSERVER_RELEASE_LOG_H_

#include <string>

#include "common/error.h"
#include "common/result.h"
#include "keyserver/release_key.h"

namespace tdxvfs::keyserver {

// The log lines of a release exchange, one per event (docs/events.md). What
// exactly differed is in the audit record, not here.

void LogRefusal(const Exchange& exchange, const Error& error);

// Also says, each time, when the trust anchor is not Intel's and when
// collateral is switched off.
void LogRelease(const Exchange& exchange, const std::string& audit_id,
                bool anchor_is_intel, bool collateral_none);

// What became of a grant; `result` is opened, failed or unknown.
struct OutcomeText {
  std::string result;
  std::string reason;
  std::string detail;
};

// `recorded` is what the audit log answered.
void LogOutcome(const Exchange& exchange, const std::string& audit_id,
                const OutcomeText& outcome, const Result<void>& recorded);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RELEASE_LOG_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_QUOTE_POLICY_H_
#define TDXVFS_CLI_QUOTE_POLICY_H_

#include <chrono>
#include <optional>
#include <string>

#include "attest/policy/measurement_policy.h"
#include "cli/quote_verdict.h"
#include "common/result.h"

namespace tdxvfs::cli {

// What a genuine quote is held against besides Intel's rules.
struct Demands {
  std::optional<policy::MeasurementPolicy> policy;
  std::optional<std::string> event_log;  // CCEL data
  // Of the guest, which a quote does not tell; nothing where nobody said.
  std::optional<attest::ByteArray<32>> config_digest;
};

// Reads the files and the hex digits, where they are given. Fails as ReadFile
// does, or with kPolicyInvalid or kUsage.
Result<Demands> LoadDemands(const std::string& policy_file,
                            const std::string& event_log_file,
                            const std::string& config_digest);

// Adds to the verdict on a genuine quote whether the event log leads to its
// registers and whether the policy accepts it; refuses it otherwise. A
// policy that pins the configuration digest does not accept without one, and
// the remedy says so. Fails with kInternal only.
Result<void> ApplyDemands(const Demands& demands,
                          std::chrono::system_clock::time_point now,
                          QuoteVerdict& verdict);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_QUOTE_POLICY_H_

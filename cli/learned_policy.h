// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_LEARNED_POLICY_H_
#define TDXVFS_CLI_LEARNED_POLICY_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "attest/check.h"
#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::cli {

// What a policy is learned from.
struct LearnedFrom {
  const attest::Quote& quote;
  // The guest's event log as it was read, empty for none: the policy then also
  // names what was booted. It must lead to the quote's registers.
  std::vector<std::uint8_t> event_log;
};

// Makes a policy that accepts exactly this guest. A value learned from a guest
// may be an attacker's (threat A15): without `expect_file` the policy says
// "acknowledge": ["learned"], which every release records; with it, every
// value learned must be among those of that policy file, else it fails with
// kRefusedByPolicy naming the first that is not; events are not written then,
// since nobody computed them.
Result<std::string> LearnPolicy(const LearnedFrom& guest,
                                const std::filesystem::path& expect_file);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_LEARNED_POLICY_H_

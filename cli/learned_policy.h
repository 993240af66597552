// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_LEARNED_POLICY_H_
#define TDXVFS_CLI_LEARNED_POLICY_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "attest/check.h"
#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::cli {

// Makes a policy that accepts exactly this guest. A value learned from a guest
// may be an attacker's (threat A15): without `expect_file` the policy says
// "acknowledge": ["learned"], which every release records; with it, every
// value learned must be among those of that policy file, else it fails with
// kRefusedByPolicy naming the first that is not.
Result<std::string> LearnPolicy(const attest::Quote& quote,
                                const std::filesystem::path& expect_file);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_LEARNED_POLICY_H_

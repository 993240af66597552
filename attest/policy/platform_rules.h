// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_PLATFORM_RULES_H_
#define TDXVFS_ATTEST_POLICY_PLATFORM_RULES_H_

#include <vector>

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/tcb_verdict.h"
#include "common/result.h"

namespace tdxvfs::policy {

class JsonMember;

// The member "platforms" of a policy: on whose hardware a guest may run. An
// empty list leaves its value open; where both are given, both must hold.
struct PlatformRules {
  std::vector<attest::ByteArray<6>> fmspc;  // processor families
  std::vector<attest::ByteArray<16>> ppid;  // single machines
};

// Fails with kPolicyInvalid naming the path.
Result<PlatformRules> ReadPlatformRules(const JsonMember& member);

// One check for each list that is not empty; both fail where `verdict` is
// null, since nobody knows then whether the certificate was revoked.
attest::Checks CheckPlatform(const PlatformRules& rules,
                             const attest::TcbVerdict* verdict);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_PLATFORM_RULES_H_

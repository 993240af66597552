// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_TCB_DOUBTS_H_
#define TDXVFS_ATTEST_POLICY_TCB_DOUBTS_H_

#include <chrono>
#include <string>
#include <vector>

#include "attest/policy/tcb_rules.h"

namespace tdxvfs::policy {

// What holds in these rules, but is hardly what their author means, in words.
std::vector<std::string> TcbDoubts(const TcbRules& rules,
                                   std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_TCB_DOUBTS_H_

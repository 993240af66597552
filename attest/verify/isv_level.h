// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_ISV_LEVEL_H_
#define TDXVFS_ATTEST_VERIFY_ISV_LEVEL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// The level that an enclave or module of this ISVSVN has reached: the highest
// that is not above it (Intel PCS API v4, enclave identity: levels are walked
// from the highest ISVSVN down). Null when every level is above it, which means
// that Intel does not support it at all. `levels` are highest first.
const IsvTcbLevel* FindIsvLevel(const std::vector<IsvTcbLevel>& levels,
                                std::uint16_t isv_svn);

// The same as a check: passed when there is a level, whatever its status.
// `what` is what has the ISVSVN, for example "QE".
attest::Check CheckIsvLevel(std::string_view what,
                            const std::vector<IsvTcbLevel>& levels,
                            std::uint16_t isv_svn);

// "OutOfDate, level of 2024-03-13"; for an up-to-date level
// its status alone.
std::string OutcomeText(const TcbLevelOutcome& outcome);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_ISV_LEVEL_H_

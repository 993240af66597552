// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CONVERGENCE_H_
#define TDXVFS_ATTEST_VERIFY_CONVERGENCE_H_

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "attest/tcb_status.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// One status of a platform and of its components, the QE and, where it is
// versioned, the TDX module (Intel TDX DCAP quote verification library,
// converged TCB status): a revoked component revokes all; an out-of-date one
// makes the whole out of date and keeps "configuration needed"; the platform's
// own status is never made better.
attest::TcbStatus Converge(attest::TcbStatus platform,
                           std::span<const attest::TcbStatus> components);

// One status of a TD that was launched under one TDX module and runs under
// another (Intel TDX DCAP quote verification library, TD relaunch): where only
// the launch was out of date, starting the TD anew would mend it. Otherwise the
// status at launch.
attest::TcbStatus ConvergeRelaunch(attest::TcbStatus launch,
                                   attest::TcbStatus current);

// What several levels have in common: the earliest date, and all advisories,
// sorted, each once. `outcomes` must not be empty.
std::chrono::system_clock::time_point EarliestDate(
    std::span<const TcbLevelOutcome* const> outcomes);
std::vector<std::string> AllAdvisories(
    std::span<const TcbLevelOutcome* const> outcomes);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CONVERGENCE_H_

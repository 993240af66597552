// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_CERT_MATCH_H_
#define TDXVFS_ATTEST_VERIFY_PCK_CERT_MATCH_H_

#include "attest/check.h"
#include "attest/pck_cert_id.h"
#include "attest/verify/pck_platform.h"

namespace tdxvfs::verify {

// Whether a PCK certificate that was looked up is of the platform that a quote
// names: the same PCEID and, where the quote has it in the clear, PPID; CPUSVN
// and PCESVN not above the quote's, since a platform can play an older TCB but
// no newer one (Intel PCS API v4, Get PCK certificate: SGX-TCBm).
attest::Checks CheckPckCertMatch(const attest::PckCertId& id,
                                 const PckPlatform& platform);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_CERT_MATCH_H_

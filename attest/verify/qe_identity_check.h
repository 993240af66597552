// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_QE_IDENTITY_CHECK_H_
#define TDXVFS_ATTEST_VERIFY_QE_IDENTITY_CHECK_H_

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/verify/qe_identity.h"

namespace tdxvfs::verify {

// Whether the enclave that signed the quote's key is Intel's quoting enclave
// by masked MISCSELECT and ATTRIBUTES, MRSIGNER and ISVPRODID (Intel PCS API
// v4, Get TDX QE identity). Without it any enclave that the platform certifies
// could play the QE (CVE-2026-22696). Every check is made, also after one
// failed. The QE's ISVSVN is judged by CheckIsvLevel, its DEBUG flag before any
// document is looked at.
attest::Checks CheckQeIdentity(const attest::SgxReport& qe_report,
                               const QeIdentity& identity);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_QE_IDENTITY_CHECK_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_TDX_MODULE_H_
#define TDXVFS_ATTEST_VERIFY_TDX_MODULE_H_

#include <cstdint>

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// The identity of a module version in a TDX document, or null.
const TdxModuleIdentity* FindModuleIdentity(const TcbInfo& tcb_info,
                                            std::uint8_t major_version);

// Whether the TDX module that made a TD report is one of Intel's (Intel PCS
// API v4, Get TDX TCB info): an identity for its major version where
// TEE_TCB_SVN names one, else the document's `tdxModule`; signer and masked
// attributes as there; and no SEAM attribute at all, since each is a way to
// run the module in debug mode. The checks end with the first that failed.
attest::Checks CheckTdxModule(const attest::TdReport& report,
                              const TcbInfo& tcb_info);

// That there is an identity for the module version in `tee_tcb_svn`; passed
// where it names none.
attest::Check CheckModuleVersion(const attest::ByteArray<16>& tee_tcb_svn,
                                 const TcbInfo& tcb_info);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_TDX_MODULE_H_

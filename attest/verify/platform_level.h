// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PLATFORM_LEVEL_H_
#define TDXVFS_ATTEST_VERIFY_PLATFORM_LEVEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "attest/verify/pck_platform.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// The security version numbers that a platform is judged by.
struct PlatformSvns {
  attest::ByteArray<16> sgx_components{};  // of the PCK leaf
  std::uint16_t pce_svn = 0;               // of the PCK leaf
  // TEE_TCB_SVN or TEE_TCB_SVN2 of a TD report; nothing for an SGX quote.
  std::optional<attest::ByteArray<16>> tee_tcb_svn;
};

PlatformSvns SvnsOf(const PckPlatform& platform,
                    const std::optional<attest::ByteArray<16>>& tee_tcb_svn);

// Whether the TDX module is versioned: then entry 1 of TEE_TCB_SVN is its major
// version and entry 0 its ISVSVN, and both are judged by the module's identity.
inline bool HasModuleVersion(const attest::ByteArray<16>& tee_tcb_svn) {
  return tee_tcb_svn[1] > 0;
}

// The level that a platform has reached: the first of the list, highest first,
// whose every SGX component, PCESVN and, for a TD, TDX component is not above
// the platform's (Intel PCS API v4, Get TDX TCB info, TCB level). Where the
// module is versioned TDX components 0 and 1 do not count. Null when no level
// is reached: Intel does not support the platform as it is.
const PlatformTcbLevel* FindPlatformLevel(
    const std::vector<PlatformTcbLevel>& levels, const PlatformSvns& svns);

// One number that keeps a platform below a level.
struct Shortfall {
  std::string text;         // "PCE SVN 11 is below 13"
  std::string_view remedy;  // what its operator does about it
};

// Everything that keeps a platform below `level`, in the order of the rule;
// empty when it has reached it.
std::vector<Shortfall> ShortfallsOf(const PlatformTcbLevel& level,
                                    const PlatformSvns& svns);

// The texts, joined by "; ".
std::string JoinTexts(const std::vector<Shortfall>& shortfalls);
// The remedies, each once, joined by ", ".
std::string JoinRemedies(const std::vector<Shortfall>& shortfalls);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PLATFORM_LEVEL_H_

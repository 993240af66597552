// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_EXTENSION_H_
#define TDXVFS_ATTEST_VERIFY_PCK_EXTENSION_H_

#include <cstdint>
#include <span>

#include "attest/verify/certificate.h"
#include "attest/verify/pck_platform.h"
#include "common/result.h"

namespace tdxvfs::verify {

// The Intel SGX extension of a PCK leaf: every entry once, in range, none
// unknown. `platform_ca` of the result is left false. Fails with
// kQuoteInvalid.
Result<PckPlatform> ReadPckExtension(const Certificate& leaf);

// The same from the extension's DER alone.
Result<PckPlatform> ParsePckExtension(std::span<const std::uint8_t> der);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_EXTENSION_H_

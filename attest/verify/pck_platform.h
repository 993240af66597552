// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_PLATFORM_H_
#define TDXVFS_ATTEST_VERIFY_PCK_PLATFORM_H_

#include <cstdint>

#include "attest/quote.h"

namespace tdxvfs::verify {

// What the PCK leaf certificate says about the platform (Intel SGX PCK
// certificate specification, OID 1.2.840.113741.1.13.1).
struct PckPlatform {
  attest::ByteArray<16> ppid{};
  attest::ByteArray<16> tcb_components{};
  std::uint16_t pce_svn = 0;
  attest::ByteArray<16> cpu_svn{};
  attest::ByteArray<2> pce_id{};
  attest::ByteArray<6> fmspc{};
  bool platform_ca = false;  // false: issued by the Processor CA
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_PLATFORM_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_SGX_EXTENSION_H_
#define TDXVFS_SIMULATOR_SGX_EXTENSION_H_

#include <cstdint>
#include <vector>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/der_writer.h"

namespace tdxvfs::simulator {

// A platform as its PCK certificate describes it (Intel SGX PCK certificate
// specification, OID 1.2.840.113741.1.13.1).
struct Platform {
  attest::ByteArray<16> ppid{0x5a, 0x11, 0x17};
  attest::ByteArray<16> tcb_components{7, 7, 2, 2, 3, 1, 0, 3};
  std::uint16_t pce_svn = 11;
  attest::ByteArray<2> pce_id{};
  attest::ByteArray<6> fmspc{0x00, 0x80, 0x6f, 0x05, 0x00, 0x00};
  attest::ByteArray<16> instance_id{0x51};
};

// SEQUENCE { 1.2.840.113741.1.13.1.SUFFIX, value }.
Bytes ExtensionEntry(const Bytes& suffix, const Bytes& value);

// Entries .2.1 to .2.18, in order.
std::vector<Bytes> TcbEntries(const Platform& platform);
// Entries .1 to .7, in order, around these TCB entries.
std::vector<Bytes> ExtensionEntries(const Platform& platform,
                                    const std::vector<Bytes>& tcb);

// The whole extension as the Platform CA writes it.
Bytes SgxExtension(const Platform& platform);

// What the extension of a certificate that this room made says: PPID, TCB
// components, PCESVN, PCEID and FMSPC. Fails with kFileInvalid.
Result<Platform> PlatformOf(const X509* leaf);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_SGX_EXTENSION_H_

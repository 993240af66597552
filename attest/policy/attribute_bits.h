// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_ATTRIBUTE_BITS_H_
#define TDXVFS_ATTEST_POLICY_ATTRIBUTE_BITS_H_

#include "attest/policy/measurement_policy.h"

namespace tdxvfs::policy {

using Bits = attest::ByteArray<8>;

// TD attribute bits that a policy may allow at all (Intel TDX module ABI,
// ATTRIBUTES): the profiling bits 4-6, ICSSD 16, LASS 27, SEPT_VE_DISABLE 28,
// MIGRATABLE 29, PKS 30, KL 31, TPA 62, PERFMON 63. DEBUG, bit 0, and the
// reserved bits are refused whatever a policy says.
inline constexpr Bits kAllowableTdAttributes = {0x70, 0x00, 0x01, 0xf8,
                                                0x00, 0x00, 0x00, 0xc0};
// LASS, SEPT_VE_DISABLE and PKS.
inline constexpr BitRule kDefaultTdAttributes = {
    .allowed = {0x00, 0x00, 0x00, 0x58}, .required = {0x00, 0x00, 0x00, 0x10}};

// Every XFAM bit that is defined: x87, SSE, AVX, AVX-512, PT, PKRU, CET,
// UINTR, LBR and AMX.
inline constexpr Bits kAllowableXfam = {0xe7, 0xdb, 0x06};
// x87 and SSE are always on in a TD.
inline constexpr Bits kCompulsoryXfam = {0x03};
inline constexpr BitRule kDefaultXfam = {.allowed = kAllowableXfam,
                                         .required = kCompulsoryXfam};

// MIGRATABLE, bit 29.
bool AllowsMigration(const BitRule& td_attributes);

// Whether every bit of `bits` is also in `mask`.
bool Within(const Bits& bits, const Bits& mask);

Bits Union(const Bits& left, const Bits& right);
Bits Common(const Bits& left, const Bits& right);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_ATTRIBUTE_BITS_H_

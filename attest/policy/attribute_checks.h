// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_ATTRIBUTE_CHECKS_H_
#define TDXVFS_ATTEST_POLICY_ATTRIBUTE_CHECKS_H_

#include "attest/check.h"
#include "attest/policy/attribute_bits.h"

namespace tdxvfs::policy {

// One check for each bit or group of bits of a TD's ATTRIBUTES (Intel TDX
// module 1.5 ABI, ATTRIBUTES): DEBUG and reserved groups must be clear
// whatever `rule` says, the others follow it.
attest::Checks CheckTdAttributes(const BitRule& rule, const Bits& actual);

// The same for XFAM (Intel SDM volume 1, 13.1; TDX module ABI, XFAM): x87 and
// SSE must be set and undefined bits clear whatever `rule` says.
attest::Checks CheckXfam(const BitRule& rule, const Bits& actual);

// The TDX module's own attributes: all zero for a module in production.
attest::Check CheckSeamAttributes(const Bits& actual);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_ATTRIBUTE_CHECKS_H_

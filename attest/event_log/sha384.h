// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_SHA384_H_
#define TDXVFS_ATTEST_EVENT_LOG_SHA384_H_

#include <cstdint>
#include <span>

#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::event_log {

// What TDX registers hold and extend by.
using Sha384Digest = attest::ByteArray<48>;

// SHA-384 of one range of bytes. Fails with kInternal only.
Result<Sha384Digest> Sha384(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_SHA384_H_

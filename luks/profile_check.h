// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_PROFILE_CHECK_H_
#define TDXVFS_LUKS_PROFILE_CHECK_H_

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "luks/header.h"
#include "luks/header_refusal.h"

namespace tdxvfs::luks {

// A copy of the sealed header. Fails with kInternal only.
Result<std::vector<std::uint8_t>> BytesOf(const Header& header);

// Refusals as one error: kHeaderRefused, naming the first and how many more.
Result<void> ResultOf(const HeaderRefusals& refusals);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_PROFILE_CHECK_H_

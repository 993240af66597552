// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PEM_CHAIN_H_
#define TDXVFS_ATTEST_VERIFY_PEM_CHAIN_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::verify {

using Der = std::vector<std::uint8_t>;

// The certificates of a PEM text in order, decoded from base64 and not yet
// parsed. Only whitespace may stand between and around blocks; NULs at the end
// are dropped, since quoting libraries count their terminator in. At most
// `limit` certificates. Fails with kQuoteInvalid.
Result<std::vector<Der>> SplitPemChain(std::string_view pem, std::size_t limit);

// The same of a text that must hold exactly `count` certificates.
Result<std::vector<Der>> SplitWholeChain(std::string_view pem,
                                         std::size_t count);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PEM_CHAIN_H_

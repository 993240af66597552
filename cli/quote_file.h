// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_QUOTE_FILE_H_
#define TDXVFS_CLI_QUOTE_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::cli {

// Reads and parses a quote file. Fails as ReadFile and ParseQuote do.
Result<attest::Quote> LoadQuote(const std::filesystem::path& path);

// The bytes of a quote file, not yet parsed. A file too large for a quote
// still comes back, so that ParseQuote can say what it is.
Result<std::string> ReadQuoteFile(const std::filesystem::path& path);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_QUOTE_FILE_H_

// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_file.h"

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{16} * 1024 * 1024;  // bytes

}  // namespace

Result<std::string> ReadQuoteFile(const std::filesystem::path& path) {
  return ReadFile(path, kMaxFileSize);
}

Result<attest::Quote> LoadQuote(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadQuoteFile(path));
  return attest::ParseQuote(AsBytes(bytes))
      .Context("quote '" + path.string() + "'");
}

}  // namespace tdxvfs::cli

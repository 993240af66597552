// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/verity_column.h"

#include <algorithm>
#include <sstream>

#include "common/hex.h"

namespace tdxvfs::keyserver {

std::string VerityColumn(const VerityDescription& verity) {
  return verity.hash + " " + std::to_string(verity.data_block_size) + " " +
         std::to_string(verity.hash_block_size) + " " +
         std::to_string(verity.data_blocks) + " " +
         std::to_string(verity.hash_start_block) + " " +
         ToHex(verity.root_hash) + " " +
         (verity.salt.empty() ? std::string("-") : ToHex(verity.salt));
}

Result<VerityDescription> ReadVerityColumn(const std::string& column) {
  VerityDescription verity;
  std::istringstream words(column);
  std::string root_hash;
  std::string salt;
  words >> verity.hash >> verity.data_block_size >> verity.hash_block_size >>
      verity.data_blocks >> verity.hash_start_block >> root_hash >> salt;
  const bool complete = !words.fail() && (words >> std::ws).eof();
  const auto root = FromHex(root_hash);
  const auto salted = FromHex(salt == "-" ? std::string() : salt);
  if (!complete || !root.has_value() ||
      root->size() != verity.root_hash.size() || !salted.has_value()) {
    return Error(Reason::kStoreInvalid, "verity column is not readable");
  }
  std::ranges::copy(*root, verity.root_hash.begin());
  verity.salt = *salted;
  return verity;
}

}  // namespace tdxvfs::keyserver

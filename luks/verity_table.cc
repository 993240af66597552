// SPDX-License-Identifier: Apache-2.0
#include "luks/verity_table.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "common/hex.h"
#include "luks/luks_format.h"
#include "luks/table_words.h"

namespace tdxvfs::luks {
namespace {

Error LiveVerityError(std::string_view what, const std::string& found) {
  return {Reason::kMappingFailed,
          "live verity table: " + std::string(what) + " is '" + found + "'"};
}

bool ReadBlockSize(const std::string& word, std::uint32_t* size) {
  std::uint64_t number = 0;
  if (!ReadTableNumber(word, &number) ||
      number > std::numeric_limits<std::uint32_t>::max()) {
    return false;
  }
  *size = static_cast<std::uint32_t>(number);
  return true;
}

bool ReadHashes(const std::string& root, const std::string& salt,
                VerityParameters* parameters) {
  const auto root_hash = FromHex(root);
  const auto salted = FromHex(salt == "-" ? std::string() : salt);
  if (!root_hash.has_value() ||
      root_hash->size() != parameters->root_hash.size() ||
      !salted.has_value()) {
    return false;
  }
  std::copy(root_hash->begin(), root_hash->end(),
            parameters->root_hash.begin());
  parameters->salt = *salted;
  return true;
}

}  // namespace

Result<VerityTable> ParseVerityTable(const std::vector<TableLine>& table) {
  if (table.size() != 1 || table.front().type != "verity" ||
      table.front().start != 0) {
    return LiveVerityError("its shape",
                           table.empty() ? "empty" : table[0].type);
  }
  VerityTable verity;
  verity.length = table.front().length;
  std::istringstream line(table.front().parameters);
  std::vector<std::string> words;
  for (std::string word; line >> word;) {
    words.push_back(word);
  }
  VerityParameters& parameters = verity.parameters;
  if (words.size() < 10 || words[0] != "1" ||
      !ReadTableDevice(words[1], &verity.data_device) ||
      !ReadTableDevice(words[2], &verity.hash_device) ||
      !ReadBlockSize(words[3], &parameters.data_block_size) ||
      !ReadBlockSize(words[4], &parameters.hash_block_size) ||
      !ReadTableNumber(words[5], &parameters.data_blocks) ||
      !ReadTableNumber(words[6], &parameters.hash_start_block) ||
      !ReadHashes(words[8], words[9], &parameters)) {
    return LiveVerityError("its shape", table.front().parameters);
  }
  parameters.hash = words[7];
  // Behind the salt stands the number of options, where there are any.
  if (words.size() > 10) {
    verity.options.assign(words.begin() + 11, words.end());
  }
  return verity;
}

Result<void> CheckVerityTable(const VerityTable& table, dev_t below) {
  for (const dev_t device : {table.data_device, table.hash_device}) {
    if (device != below) {
      return LiveVerityError("a device", std::to_string(major(device)) + ":" +
                                             std::to_string(minor(device)));
    }
  }
  if (!table.options.empty()) {
    return LiveVerityError("an option", table.options.front());
  }
  if (auto checked = CheckVerityParameters(table.parameters);
      !checked.has_value()) {
    return LiveVerityError("a parameter", checked.error().message());
  }
  const std::uint64_t sectors = table.parameters.data_block_size / kSectorSize;
  if (table.length != table.parameters.data_blocks * sectors) {
    return LiveVerityError("length", std::to_string(table.length));
  }
  return {};
}

Result<void> CheckVerityTable(const VerityTable& table, dev_t below,
                              const VerityParameters& granted) {
  RETURN_IF_ERROR(CheckVerityTable(table, below));
  if (table.parameters.root_hash != granted.root_hash) {
    return LiveVerityError("root hash", ToHex(table.parameters.root_hash));
  }
  if (table.parameters != granted) {
    return LiveVerityError("a parameter", "not the granted one");
  }
  return {};
}

bool IsVerityUuid(std::string_view dm_uuid, std::string_view mapping) {
  return dm_uuid == "CRYPT-VERITY-" + std::string(mapping);
}

}  // namespace tdxvfs::luks

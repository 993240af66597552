// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/version_row.h"

#include <algorithm>

#include "common/hex.h"
#include "keyserver/keys/verity_column.h"

namespace tdxvfs::keyserver {
namespace {

std::vector<std::string> SplitMountOptions(std::string_view joined) {
  std::vector<std::string> options;
  while (!joined.empty()) {
    const std::size_t comma = joined.find(',');
    options.emplace_back(joined.substr(0, comma));
    joined = comma == std::string_view::npos ? std::string_view()
                                             : joined.substr(comma + 1);
  }
  return options;
}

}  // namespace

Result<VersionRecord> ReadVersion(const SqliteStatement& row) {
  VersionRecord record;
  record.volume = row.Text(0);
  record.version = static_cast<std::uint32_t>(row.Number(1));
  record.description.uuid = row.Text(2);
  record.description.header_size = static_cast<std::uint64_t>(row.Number(3));
  const std::vector<std::uint8_t> digest = row.Bytes(4);
  if (digest.size() != record.description.header_sha256.size()) {
    return Error(Reason::kStoreInvalid,
                 "volume '" + record.volume + "' version " +
                     std::to_string(record.version) + ": header digest has " +
                     std::to_string(digest.size()) + " bytes");
  }
  std::ranges::copy(digest, record.description.header_sha256.begin());
  record.description.header_profile = row.Text(5);
  record.description.file_system = row.Text(6);
  record.description.mount_options = SplitMountOptions(row.Text(7));
  record.retired = row.Number(8) != 0;
  record.created = row.Text(9);
  if (!row.IsNull(10)) {
    ASSIGN_OR_RETURN(record.description.verity,
                     ReadVerityColumn(row.Text(10))
                         .Context("volume '" + record.volume + "' version " +
                                  std::to_string(record.version)));
  }
  return record;
}

std::string JoinMountOptions(const std::vector<std::string>& options) {
  std::string joined;
  for (const std::string& option : options) {
    joined += (joined.empty() ? "" : ",") + option;
  }
  return joined;
}

std::vector<std::uint8_t> DescriptionBytes(
    const VersionDescription& description) {
  std::string text;
  const auto add = [&text](std::string_view field) {
    text += std::to_string(field.size()) + ":" + std::string(field);
  };
  add(description.uuid);
  add(std::to_string(description.header_size));
  add(AsText(description.header_sha256));
  add(description.header_profile);
  add(description.file_system);
  add(JoinMountOptions(description.mount_options));
  if (description.verity.has_value()) {
    add(VerityColumn(*description.verity));
  }
  return {text.begin(), text.end()};
}

}  // namespace tdxvfs::keyserver

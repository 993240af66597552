// SPDX-License-Identifier: Apache-2.0
// Whether rows of a store are missing, or kept under other names than their
// own.
#include <string>

#include "keyserver/keys/sealed_rows.h"

namespace tdxvfs::keyserver {
namespace {

Error Missing(const std::string& what, const std::string& volume) {
  return {Reason::kStoreInvalid,
          "volume '" + volume + "': " + what + " is missing"};
}

}  // namespace

Result<void> SealedRows::CheckWhole() const {
  RETURN_IF_ERROR(CheckVersions());
  return CheckPolicies();
}

// A volume's versions are numbered from 1, and a row outlives its passphrase.
Result<void> SealedRows::CheckVersions() const {
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare("SELECT volume, version, header_sha256, description, state, "
              "passphrase FROM versions ORDER BY volume, version"));
  std::string volume;
  std::uint32_t expected = 1;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return {};
    }
    ASSIGN_OR_RETURN(const VersionRecord record, ReadVersion(query));
    expected = record.volume == volume ? expected + 1 : 1;
    volume = record.volume;
    if (record.version != expected) {
      return Missing("version " + std::to_string(expected), volume);
    }
    if (query.IsNull(5) && !record.destroyed) {
      return Missing("the passphrase of version " + std::to_string(expected),
                     volume);
    }
  }
}

// A volume's sealed state says how many policies it has had.
Result<void> SealedRows::CheckPolicies() const {
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare("SELECT name, (SELECT COUNT(*) FROM policies WHERE volume = name)"
              " FROM volumes"));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return {};
    }
    ASSIGN_OR_RETURN(const VolumeState state, RequireVolume(query.Text(0)));
    if (query.Number(1) < state.policy_number) {
      return Missing("a policy", query.Text(0));
    }
  }
}

}  // namespace tdxvfs::keyserver

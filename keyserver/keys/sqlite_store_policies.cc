// SPDX-License-Identifier: Apache-2.0
// Policies of a SqliteKeyStore and their history.
#include <algorithm>
#include <string>
#include <utility>

#include "common/json_text.h"
#include "keyserver/keys/sqlite_key_store.h"

namespace tdxvfs::keyserver {

Result<std::uint32_t> SqliteKeyStore::PutPolicy(std::string_view volume,
                                                std::string_view json,
                                                std::string_view author,
                                                TimePoint now) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(const std::optional<VolumeState> known,
                   rows().FindVolume(volume));
  VolumeState state = known.value_or(VolumeState());
  ++state.policy_number;
  RETURN_IF_ERROR(rows().PutVolume(volume, state));
  RETURN_IF_ERROR(
      rows().AddPolicy(volume, {state.policy_number, std::string(json),
                                std::string(author), JsonTime(now)}));
  RETURN_IF_ERROR(transaction.Commit());
  return state.policy_number;
}

Result<PolicyRecord> SqliteKeyStore::FindPolicy(std::string_view volume,
                                                std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const VolumeState state, rows().RequireVolume(volume));
  if (number == 0 || number > state.policy_number) {
    return Error(Reason::kPolicyMissing, "volume '" + std::string(volume) +
                                             "' has no policy " +
                                             std::to_string(number));
  }
  return rows().ReadPolicyRow(volume, number);
}

Result<std::vector<Listed<PolicyRecord>>> SqliteKeyStore::ListPolicies(
    std::string_view volume, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const VolumeState state, rows().RequireVolume(volume));
  const std::size_t count = std::min<std::size_t>(state.policy_number, limit);
  std::vector<Listed<PolicyRecord>> policies;
  for (std::size_t back = count; back-- > 0;) {
    const auto number = state.policy_number - static_cast<std::uint32_t>(back);
    RETURN_IF_ERROR(AddListed(volume, number,
                              rows().ReadPolicyRow(volume, number), &policies));
  }
  return policies;
}

}  // namespace tdxvfs::keyserver

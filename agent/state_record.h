// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_STATE_RECORD_H_
#define TDXVFS_AGENT_STATE_RECORD_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::agent {

// What the last unlock left for `status` to show: what the kernel cannot know.
// It informs and decides nothing; without it the members are null. Members are
// empty where nothing is known.
struct StateRecord {
  std::string since;     // of the opening, UTC
  std::string version;   // of the grant
  std::string audit_id;  // of the release or the refusal
  std::string reason;    // slug of the last failure
};

// An unreadable or absent record is an empty one.
StateRecord ReadStateRecord(const std::filesystem::path& run_directory,
                            std::string_view volume);

Result<void> WriteStateRecord(const std::filesystem::path& run_directory,
                              std::string_view volume,
                              const StateRecord& record);

void RemoveStateRecord(const std::filesystem::path& run_directory,
                       std::string_view volume);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_STATE_RECORD_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_VOLUME_STATUS_H_
#define TDXVFS_AGENT_VOLUME_STATUS_H_

#include <string>
#include <string_view>

#include "agent/surroundings.h"
#include "common/result.h"

namespace tdxvfs::agent {

// What `status` shows of one volume. Empty text means unknown or none.
struct VolumeStatus {
  std::string volume;
  std::string state;  // locked, opening, open, failed
  std::string image;
  std::string mapping;  // dm-crypt
  std::string verity;   // dm-verity on it
  std::string loop;
  std::string mount;
  std::string since;
  std::string version;
  std::string audit_id;
  std::string reason;
};

// Asks the kernel; since, version, audit_id and the reason of a failure come
// from the record of the last unlock. A volume whose configuration cannot be
// read is `failed` with that reason. Fails when the kernel cannot be asked.
Result<VolumeStatus> StatusOf(const Surroundings& surroundings,
                              std::string_view volume);

// One object on one line: volume, state, image, mapping, loop, mount, since,
// version, audit_id, reason, verity.
std::string StatusJson(const VolumeStatus& status);

// One line for people.
std::string StatusText(const VolumeStatus& status);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_VOLUME_STATUS_H_

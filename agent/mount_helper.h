// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_MOUNT_HELPER_H_
#define TDXVFS_AGENT_MOUNT_HELPER_H_

#include <string>
#include <string_view>

#include "agent/surroundings.h"
#include "common/result.h"

namespace tdxvfs::agent {

inline constexpr std::string_view kMountProgram = "mount.tdxvfs";
inline constexpr std::string_view kUnmountProgram = "umount.tdxvfs";

// The program when mount(8) or umount(8) call it: the same flow as `unlock`
// and `lock`, for a volume whose configuration names this image and directory.
// Returns an exit code of mount(8): 0, 1 usage or permission, 2 system error,
// 32 refused or failed. The reason's slug stands on standard error.
int RunMountHelper(const std::string& program, int argc,
                   const char* const* argv, const Result<void>& prepared,
                   const Surroundings& surroundings);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_MOUNT_HELPER_H_

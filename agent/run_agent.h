// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_RUN_AGENT_H_
#define TDXVFS_AGENT_RUN_AGENT_H_

#include "agent/surroundings.h"

namespace tdxvfs::agent {

// The whole program: tdxvfs-agent, or mount.tdxvfs and umount.tdxvfs when
// called by these names. Returns the exit code.
int RunAgent(int argc, const char* const* argv,
             const Surroundings& surroundings);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_RUN_AGENT_H_

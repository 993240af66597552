// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_SERVICE_MANAGER_H_
#define TDXVFS_COMMON_SERVICE_MANAGER_H_

#include <map>
#include <string>

#include "common/unique_fd.h"

namespace tdxvfs {

// Tells systemd something in the words of sd_notify(3), for example
// "STATUS=attempt 2 failed". Does nothing outside a unit. Never a secret.
void NotifyService(const std::string& state);

// The sockets that systemd opened for this process (sd_listen_fds(3)), by the
// name that their unit gives them (FileDescriptorName=). Whoever calls first
// owns them; later calls and child processes find none.
std::multimap<std::string, UniqueFd> TakePassedSockets();

// Whether systemd is shutting the system down. Asked over systemd's own socket
// (root only), since the message bus may be gone by then. False when there is
// no systemd or it does not answer.
bool SystemIsStopping();

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_SERVICE_MANAGER_H_

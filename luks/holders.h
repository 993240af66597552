// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HOLDERS_H_
#define TDXVFS_LUKS_HOLDERS_H_

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "luks/volume.h"

namespace tdxvfs::luks {

// Processes that keep a volume busy, at most `most`: files open on it, working
// or root directory, program or mapped file there, a device opened, or a
// mount of it in a mount namespace of their own. `devices`: its mappings.
std::vector<Holder> FindHolders(const std::vector<dev_t>& devices,
                                std::size_t most);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HOLDERS_H_

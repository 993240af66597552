// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_MOUNT_OPTIONS_H_
#define TDXVFS_AGENT_MOUNT_OPTIONS_H_

#include <string>

#include "common/result.h"

namespace tdxvfs::agent {

// What mount(8) and umount(8) pass to their helpers.
struct MountOptions {
  std::string image;  // mount only
  std::string directory;
  std::string volume;  // mount only, of -o volume=NAME
  bool wait = false;   // mount only, of -o wait: as `unlock --wait`
  bool fake = false;   // -f of mount: check, but do not mount
  bool lazy = false;   // -l of umount
};

// `mount.tdxvfs IMAGE DIR [-sfnv] [-N NS] [-t TYPE] -o OPTIONS`. Options of
// fstab that are for mount(8) and systemd alone, and those that every volume
// is mounted with anyway, are accepted; an unknown one is refused unless -s
// was given. Fails with kUsage.
Result<MountOptions> ParseMountOptions(int argc, const char* const* argv);

// `umount.tdxvfs DIR [-flnrv] [-N NS] [-t TYPE]`. Fails with kUsage.
Result<MountOptions> ParseUnmountOptions(int argc, const char* const* argv);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_MOUNT_OPTIONS_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_DEVICE_MAPPER_H_
#define TDXVFS_LUKS_DEVICE_MAPPER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::luks {

// A device-mapper device by name, as the kernel has it now.
struct MappingInfo {
  bool exists = false;
  bool has_live_table = false;  // false: left half-made by a killed process
  bool read_only = false;
  int open_count = 0;
  dev_t device = 0;
  std::string uuid;  // device-mapper UUID, "CRYPT-LUKS2-..."
};

// One target of a live table.
struct TableLine {
  std::uint64_t start = 0;   // sectors of 512 bytes
  std::uint64_t length = 0;  // sectors of 512 bytes
  std::string type;
  std::string parameters;
};

// "tdxvfs-crypt-NAME" and, on top of it, "tdxvfs-verity-NAME".
std::string CryptMappingName(std::string_view volume);
std::string VerityMappingName(std::string_view volume);
// The node of a mapping, "/dev/mapper/...".
std::string MappingPath(std::string_view mapping);

// What to open a mapping by: "/dev/dm-N", the kernel's own node, where /dev has
// those, else "/dev/mapper/NAME". The latter can vanish: udev, late with a
// mapping of that name that went before, deletes it (systemd 252, udev-node.c).
std::string OpenableNode(const std::string& name, dev_t device);
// "/dev/mapper/NAME", which mount tables show; made anew when it is missing or
// another device's. Fails with kPermission or kMappingFailed.
Result<std::string> NamedNode(const std::string& name, dev_t device);

// Makes this process create and remove device nodes itself instead of waiting
// for udev: a wait that costs more than everything else in an opening, and
// leaks a semaphore when the process is killed inside it. Process-wide; called
// by every function here and before libcryptsetup maps.
void DoNotWaitForUdev();

// libdevmapper loses the errno of a table that the kernel does not take
// (libcryptsetup then calls it ENODEV) but logs it: from here on this thread's
// last error is kept for LastDeviceMapperWord. Called before libcryptsetup
// maps; its own handler does not see a failed reload behind ours.
void KeepDeviceMapperWords();
// "device-mapper: reload ioctl on ... failed: Device or resource busy", or "".
std::string LastDeviceMapperWord();

// A kernel without device mapper has no mappings. Fails with kPermission or
// kMappingFailed.
Result<MappingInfo> InspectMapping(const std::string& name);

Result<std::vector<TableLine>> LiveTable(const std::string& name);
// The same with each target's status instead of its parameters.
Result<std::vector<TableLine>> LiveStatus(const std::string& name);

enum class Removal : std::uint8_t { kNow, kWhenUnused };

// Removes a mapping, half-made ones too. kNow: fails with kVolumeBusy while
// something holds it, after a short wait for probes that come and go.
// kWhenUnused: the kernel removes it with its last user. A missing mapping is
// success.
Result<void> RemoveMapping(const std::string& name, Removal removal);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_DEVICE_MAPPER_H_

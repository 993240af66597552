// SPDX-License-Identifier: Apache-2.0
#include "luks/holders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "luks/kernel_file.h"
#include "luks/mount_table.h"

namespace tdxvfs::luks {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCommandShown = 100;  // bytes

// A magic link of /proc that leads to the file system or to its device. Not
// synced: a dead network file system elsewhere must not hang the search.
bool LeadsTo(const fs::path& link, dev_t device) {
  struct statx status {};
  if (::statx(AT_FDCWD, link.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
              STATX_TYPE, &status) != 0) {
    return false;
  }
  if (makedev(status.stx_dev_major, status.stx_dev_minor) == device) {
    return true;
  }
  return S_ISBLK(status.stx_mode) &&
         makedev(status.stx_rdev_major, status.stx_rdev_minor) == device;
}

bool HoldsDescriptor(const fs::path& process, dev_t device) {
  std::error_code gone;
  fs::directory_iterator entries(process / "fd", gone);
  for (; !gone && entries != fs::directory_iterator();
       entries.increment(gone)) {
    if (LeadsTo(entries->path(), device)) {
      return true;
    }
  }
  return false;
}

// /proc/PID/maps names the device of a mapped file as "fd:00", in hex.
bool HoldsMapping(const fs::path& process, dev_t device) {
  std::istringstream maps(ReadKernelFile(process / "maps"));
  std::string range;
  std::string mode;
  std::string offset;
  std::string numbers;
  std::string rest;
  while (maps >> range >> mode >> offset >> numbers &&
         std::getline(maps, rest)) {
    unsigned major_number = 0;
    unsigned minor_number = 0;
    const char* const end = numbers.data() + numbers.size();
    const auto first = std::from_chars(numbers.data(), end, major_number, 16);
    if (first.ptr != end &&
        std::from_chars(first.ptr + 1, end, minor_number, 16).ptr == end &&
        makedev(major_number, minor_number) == device) {
      return true;
    }
  }
  return false;
}

bool HoldsDevice(const fs::path& process, dev_t device) {
  return LeadsTo(process / "cwd", device) ||
         LeadsTo(process / "root", device) ||
         LeadsTo(process / "exe", device) || HoldsDescriptor(process, device) ||
         HoldsMapping(process, device);
}

// Command line with blanks between the words; a kernel thread's name.
std::string CommandOf(const fs::path& process) {
  std::string command = ReadKernelFile(process / "cmdline");
  while (!command.empty() && command.back() == '\0') {
    command.pop_back();
  }
  std::replace(command.begin(), command.end(), '\0', ' ');
  if (command.empty()) {
    command = ReadKernelFile(process / "comm");
    command = command.substr(0, command.find('\n'));
  }
  return command.substr(0, kCommandShown);
}

bool Holds(const fs::path& process, const std::vector<dev_t>& devices) {
  return std::any_of(devices.begin(), devices.end(), [&process](dev_t device) {
    return HoldsDevice(process, device);
  });
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> processes;
  std::error_code gone;
  fs::directory_iterator entries("/proc", gone);
  for (; !gone && entries != fs::directory_iterator();
       entries.increment(gone)) {
    const std::string name = entries->path().filename();
    pid_t pid = 0;
    const char* const end = name.data() + name.size();
    const auto [rest, problem] = std::from_chars(name.data(), end, pid);
    if (problem == std::errc() && rest == end && pid != ::getpid()) {
      processes.push_back(pid);
    }
  }
  return processes;
}

// One process of each other mount namespace that still has the volume.
class NamespaceHolders {
 public:
  explicit NamespaceHolders(const std::vector<dev_t>& devices)
      : devices_(devices) {
    seen_.insert(NamespaceOf("/proc/self"));
  }
  bool Has(pid_t pid) {
    const fs::path process = "/proc/" + std::to_string(pid);
    if (!seen_.insert(NamespaceOf(process)).second) {
      return false;
    }
    const auto mounts = MountsOf(pid);
    return std::any_of(
        mounts.begin(), mounts.end(), [this](const MountEntry& mount) {
          return std::find(devices_.begin(), devices_.end(), mount.device) !=
                 devices_.end();
        });
  }

 private:
  static std::string NamespaceOf(const fs::path& process) {
    std::error_code gone;
    return fs::read_symlink(process / "ns" / "mnt", gone).string();
  }
  const std::vector<dev_t>& devices_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<Holder> FindHolders(const std::vector<dev_t>& devices,
                                std::size_t most) {
  std::vector<Holder> holders;
  NamespaceHolders namespaces(devices);
  for (const pid_t pid : AllProcesses()) {
    if (holders.size() == most) {
      break;
    }
    const fs::path process = "/proc/" + std::to_string(pid);
    if (Holds(process, devices) || namespaces.Has(pid)) {
      holders.push_back({.pid = pid, .command = CommandOf(process)});
    }
  }
  return holders;
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include "luks/backing_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "luks/kernel_file.h"

namespace tdxvfs::luks {
namespace {

// Each time another process may take the free index before us.
constexpr int kAttempts = 64;

std::string SysFolder(dev_t device) {
  return "/sys/dev/block/" + std::to_string(major(device)) + ":" +
         std::to_string(minor(device));
}

loop_config ConfigFor(const ImageFile& image, std::uint32_t block_size) {
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(image.descriptor());
  config.block_size = block_size;
  config.info.lo_flags =
      LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
  // Only for people; the kernel works on the descriptor.
  const std::string name = image.path().string();
  const std::size_t shown =
      std::min(name.size(), std::size_t{LO_NAME_SIZE - 1});
  std::copy_n(name.begin(), shown, config.info.lo_file_name);
  return config;
}

// Kernels differ: some refuse direct I/O that the file system cannot do, others
// go on without a word.
bool Configure(int loop, loop_config config) {
  if (::ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
    return true;
  }
  config.info.lo_flags &= ~static_cast<std::uint32_t>(LO_FLAGS_DIRECT_IO);
  return errno == EINVAL && ::ioctl(loop, LOOP_CONFIGURE, &config) == 0;
}

// A configured device, or nothing when somebody else was faster.
Result<std::optional<std::pair<UniqueFd, int>>> TryAttach(
    int control, const loop_config& config, const ImageFile& image) {
  const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
  if (number < 0) {
    return SystemError(Reason::kLoopFailed,
                       QuotedName(image) +
                           ": no free loop "
                           "device",
                       errno);
  }
  const std::string path = "/dev/loop" + std::to_string(number);
  UniqueFd loop(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (loop.valid() && Configure(loop.get(), config)) {
    return std::make_optional(std::make_pair(std::move(loop), number));
  }
  const int error_number = errno;
  if (error_number == EBUSY || error_number == ENXIO ||
      (!loop.valid() && error_number == ENOENT)) {
    return std::optional<std::pair<UniqueFd, int>>();
  }
  return SystemError(Reason::kLoopFailed,
                     QuotedName(image) + ": loop device '" + path + "'",
                     error_number);
}

void WarnIfBuffered(int loop, const ImageFile& image,
                    const std::function<void(std::string)>& warn) {
  loop_info64 info{};
  if (warn && ::ioctl(loop, LOOP_GET_STATUS64, &info) == 0 &&
      (info.lo_flags & LO_FLAGS_DIRECT_IO) == 0) {
    warn(QuotedName(image) +
         ": its file system takes no direct I/O, pages are cached twice");
  }
}

}  // namespace

Result<BackingDevice> BackingDevice::OfLoop(UniqueFd loop, int number,
                                            const ImageFile& image) {
  loop_info64 info{};
  struct stat backing {};
  struct stat status {};
  if (::ioctl(loop.get(), LOOP_GET_STATUS64, &info) != 0 ||
      ::fstat(image.descriptor(), &backing) != 0 ||
      ::fstat(loop.get(), &status) != 0) {
    return SystemError(Reason::kLoopFailed, QuotedName(image) + ": loop device",
                       errno);
  }
  if (info.lo_inode != backing.st_ino ||
      (info.lo_flags & LO_FLAGS_AUTOCLEAR) == 0) {
    return Error(Reason::kLoopFailed,
                 QuotedName(image) + ": loop device has another file");
  }
  BackingDevice device;
  device.descriptor_ = std::move(loop);
  device.path_ = "/dev/loop" + std::to_string(number);
  device.device_ = status.st_rdev;
  return device;
}

Result<BackingDevice> BackingDevice::OfBlockDevice(const ImageFile& image) {
  struct stat status {};
  if (::fstat(image.descriptor(), &status) != 0) {
    return SystemError(Reason::kLoopFailed, QuotedName(image), errno);
  }
  BackingDevice device;
  device.device_ = status.st_rdev;
  device.path_ = NameOfBlockDevice(status.st_rdev).path;
  // The name was looked up again; the opened device is the one that counts.
  struct stat named {};
  if (::stat(device.path_.c_str(), &named) != 0 || !S_ISBLK(named.st_mode) ||
      named.st_rdev != status.st_rdev) {
    return Error(Reason::kLoopFailed,
                 QuotedName(image) + ": block device without a node in /dev");
  }
  return device;
}

Result<BackingDevice> BackingDevice::Attach(
    const ImageFile& image, std::uint32_t block_size,
    const std::function<void(std::string)>& warn) {
  if (image.is_block_device()) {
    return OfBlockDevice(image);
  }
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) {
    return SystemError(Reason::kLoopFailed, "'/dev/loop-control'", errno);
  }
  const loop_config config = ConfigFor(image, block_size);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(auto attached, TryAttach(control.get(), config, image));
    if (attached.has_value()) {
      WarnIfBuffered(attached->first.get(), image, warn);
      return OfLoop(std::move(attached->first), attached->second, image);
    }
  }
  return Error(
      Reason::kLoopFailed,
      QuotedName(image) + ": every free loop device was taken by others");
}

BlockDeviceName NameOfBlockDevice(dev_t device) {
  BlockDeviceName name;
  std::error_code missing;
  const auto target = std::filesystem::read_symlink(SysFolder(device), missing);
  if (!missing) {
    name.path = "/dev/" + target.filename().string();
    const std::string backing =
        ReadKernelFile(SysFolder(device) + "/loop/backing_file");
    name.backing_file = backing.substr(0, backing.find('\n'));
  }
  return name;
}

}  // namespace tdxvfs::luks

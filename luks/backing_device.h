// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_BACKING_DEVICE_H_
#define TDXVFS_LUKS_BACKING_DEVICE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"
#include "luks/image_file.h"

namespace tdxvfs::luks {

// The block device below a mapping: the image itself, or a loop device on it.
//
// A loop device is attached read-only with autoclear, so that the kernel
// detaches it when its last opener leaves: this object until it is destroyed,
// and the mapping on top of it. Nothing is left when the process is killed
// before there is a mapping (threat D10).
class BackingDevice {
 public:
  // `block_size` (512 or 4096 bytes) is a loop device's logical block size.
  // `warn` gets one line when the file system below takes no direct I/O. Fails
  // with kLoopFailed.
  static Result<BackingDevice> Attach(
      const ImageFile& image, std::uint32_t block_size,
      const std::function<void(std::string)>& warn);

  const std::string& path() const { return path_; }  // "/dev/..."
  dev_t device() const { return device_; }

 private:
  BackingDevice() = default;
  static Result<BackingDevice> OfBlockDevice(const ImageFile& image);
  static Result<BackingDevice> OfLoop(UniqueFd loop, int number,
                                      const ImageFile& image);
  UniqueFd descriptor_;
  std::string path_;
  dev_t device_ = 0;
};

// A block device by its numbers, as /sys knows it; empty when it is unknown.
struct BlockDeviceName {
  std::string path;          // "/dev/loop0"
  std::string backing_file;  // of a loop device, as the kernel names it
};
BlockDeviceName NameOfBlockDevice(dev_t device);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_BACKING_DEVICE_H_

// SPDX-License-Identifier: Apache-2.0
#include "luks/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <string>
#include <utility>

namespace tdxvfs::luks {
namespace {

std::string QuotedImage(const std::filesystem::path& path) {
  return "image '" + path.string() + "'";
}

const char* KindName(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "directory";
    case S_IFCHR:
      return "character device";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    default:
      return "special file";
  }
}

Error KindError(const std::filesystem::path& path, mode_t mode) {
  return {Reason::kImageKind, QuotedImage(path) + " is a " + KindName(mode) +
                                  ", neither a regular file nor a block "
                                  "device"};
}

Error OpenError(const std::filesystem::path& path, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return SystemError(Reason::kImageMissing, QuotedImage(path),
                         error_number);
    case ENXIO: {
      // A socket cannot be opened at all; nothing has been read yet.
      struct stat status {};
      if (::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) {
        return KindError(path, status.st_mode);
      }
      break;
    }
    default:
      break;
  }
  return SystemError(Reason::kImageUnreadable, QuotedImage(path), error_number);
}

}  // namespace

std::string QuotedName(const ImageFile& image) {
  return QuotedImage(image.path());
}

Result<ImageFile> ImageFile::Open(const std::filesystem::path& path) {
  // Without O_NONBLOCK a fifo put in the image's place would hold us up.
  UniqueFd descriptor(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!descriptor.valid()) {
    return OpenError(path, errno);
  }
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) {
    return SystemError(Reason::kImageUnreadable, QuotedImage(path), errno);
  }
  ImageFile image;
  image.path_ = path;
  image.is_block_device_ = S_ISBLK(status.st_mode);
  if (image.is_block_device_) {
    if (::ioctl(descriptor.get(), BLKGETSIZE64, &image.size_) != 0) {
      return SystemError(Reason::kImageUnreadable, QuotedImage(path), errno);
    }
  } else if (S_ISREG(status.st_mode)) {
    image.size_ = static_cast<std::uint64_t>(status.st_size);
  } else {
    return KindError(path, status.st_mode);
  }
  image.descriptor_ = std::move(descriptor);
  return image;
}

}  // namespace tdxvfs::luks

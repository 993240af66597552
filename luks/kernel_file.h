// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_KERNEL_FILE_H_
#define TDXVFS_LUKS_KERNEL_FILE_H_

#include <filesystem>
#include <string>

namespace tdxvfs::luks {

// A file of /proc or /sys, as far as it can be read: processes and devices end
// while we read about them, which is no error of ours.
std::string ReadKernelFile(const std::filesystem::path& path);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_KERNEL_FILE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_REPORT_FILESYSTEM_H_
#define TDXVFS_SIMULATOR_REPORT_FILESYSTEM_H_

#include <filesystem>

#include "common/result.h"
#include "simulator/quote_answerer.h"

namespace tdxvfs::simulator {

// Mounts a file system with the semantics of the kernel's configfs-tsm
// (tsm/report/NAME/{generation,inblob,outblob,provider}) and serves it until
// SIGTERM, SIGINT or an unmount. Single-threaded: requests wait for each
// other as they do for the one quote buffer of a TDX guest.
Result<void> ServeReportFilesystem(const std::filesystem::path& mount_point,
                                   QuoteAnswerer& answerer);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_REPORT_FILESYSTEM_H_

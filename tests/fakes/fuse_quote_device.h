// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_FUSE_QUOTE_DEVICE_H_
#define TDXVFS_TESTS_FAKES_FUSE_QUOTE_DEVICE_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace tdxvfs::testing {

// configfs-tsm by FUSE in a folder of its own: `tdxvfs-simulator fuse`.
class FuseQuoteDevice {
 public:
  // Why it cannot run here; empty when it can.
  static std::string Missing();

  // `options` of `tdxvfs-simulator fuse`.
  explicit FuseQuoteDevice(const std::vector<std::string>& options = {});
  FuseQuoteDevice(const FuseQuoteDevice&) = delete;
  FuseQuoteDevice& operator=(const FuseQuoteDevice&) = delete;
  ~FuseQuoteDevice();

  // Stands for /sys/kernel/config.
  std::filesystem::path root() const { return folder_.path() / "config"; }
  // The report directories that are there now.
  std::vector<std::filesystem::path> Reports() const;

 private:
  TemporaryFolder folder_;
  pid_t server_ = -1;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_FUSE_QUOTE_DEVICE_H_

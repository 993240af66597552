// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_CONFIGFS_QUOTE_SOURCE_H_
#define TDXVFS_AGENT_CONFIGFS_QUOTE_SOURCE_H_

#include <filesystem>
#include <utility>

#include "agent/quote_source.h"

namespace tdxvfs::agent {

// The kernel's own interface, configfs-tsm (Linux 6.7 and newer,
// Documentation/ABI/testing/configfs-tsm): a directory made for each quote
// below ROOT/tsm/report and removed again whatever happens.
class ConfigfsQuoteSource : public QuoteSource {
 public:
  // `configfs_root` is /sys/kernel/config outside of tests.
  explicit ConfigfsQuoteSource(std::filesystem::path configfs_root)
      : configfs_root_(std::move(configfs_root)) {}

  Result<std::vector<std::uint8_t>> Get(
      const attest::ReportDataBytes& report_data) override;

 private:
  std::filesystem::path configfs_root_;
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_CONFIGFS_QUOTE_SOURCE_H_

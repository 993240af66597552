// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_QUOTE_SOURCE_H_
#define TDXVFS_AGENT_QUOTE_SOURCE_H_

#include <cstdint>
#include <vector>

#include "attest/report_data.h"
#include "common/result.h"

namespace tdxvfs::agent {

// Where quotes come from.
class QuoteSource {
 public:
  virtual ~QuoteSource() = default;
  // A quote over these 64 bytes, as the platform gave it, padding included.
  // Fails with kQuoteDeviceMissing, kQuoteTimeout, kQuoteFailed or kStopped.
  virtual Result<std::vector<std::uint8_t>> Get(
      const attest::ReportDataBytes& report_data) = 0;
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_QUOTE_SOURCE_H_

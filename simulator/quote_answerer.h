// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_QUOTE_ANSWERER_H_
#define TDXVFS_SIMULATOR_QUOTE_ANSWERER_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "attest/quote.h"
#include "common/result.h"
#include "simulator/quote_signer.h"

namespace tdxvfs::simulator {

// How the pretend quote service misbehaves.
enum class Fault : std::uint8_t {
  kNone,
  kReplay,      // the first quote for ever
  kReportData,  // properly signed, for other report data
  kTampered,    // one bit of RTMR0 changed after signing
  kGarbage,     // no quote at all
  kTruncated,   // its first half
};

// "none", "replay", "report-data", "tampered", "garbage" or "truncated"; any
// other word is kUsage.
Result<Fault> ParseFault(std::string_view word);

struct AnswerOptions {
  std::uint16_t version = 4;
  attest::TdReport report;
  // Zero bytes behind the quote, as a guest's kernel hands them out.
  std::size_t padding = 0;
  std::chrono::milliseconds delay{0};
  int error_number = 0;  // fail every request with this errno
  Fault fault = Fault::kNone;
};

// Answers requests for quotes, rightly or as a fault demands. Not
// thread-safe.
class QuoteAnswerer {
 public:
  QuoteAnswerer(QuoteSigner signer, const AnswerOptions& options);

  // The quote for this report data, after the delay. An empty result means
  // that the request fails with options().error_number.
  Result<Bytes> Answer(std::span<const std::uint8_t, 64> report_data);

  const AnswerOptions& options() const { return options_; }

 private:
  Result<Bytes> MakeQuote(std::span<const std::uint8_t, 64> report_data);

  QuoteSigner signer_;
  AnswerOptions options_;
  Bytes first_;
};

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_QUOTE_ANSWERER_H_

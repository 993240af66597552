// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_answerer.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kGarbageSize = 5006;
// Offset of RTMR0 in a version 4 quote; inside the report in version 5 too.
constexpr std::size_t kTamperedByte = 48 + 328;

}  // namespace

Result<Fault> ParseFault(std::string_view word) {
  static const std::map<std::string_view, Fault> words = {
      {"none", Fault::kNone},
      {"replay", Fault::kReplay},
      {"report-data", Fault::kReportData},
      {"tampered", Fault::kTampered},
      {"garbage", Fault::kGarbage},
      {"truncated", Fault::kTruncated}};
  const auto found = words.find(word);
  if (found == words.end()) {
    return Error(Reason::kUsage, "--fault: no fault '" + std::string(word) +
                                     "'; one of none, replay, report-data, "
                                     "tampered, garbage, truncated");
  }
  return found->second;
}

QuoteAnswerer::QuoteAnswerer(QuoteSigner signer, const AnswerOptions& options)
    : signer_(std::move(signer)), options_(options) {}

Result<Bytes> QuoteAnswerer::MakeQuote(
    std::span<const std::uint8_t, 64> report_data) {
  attest::TdReport report = options_.report;
  std::copy(report_data.begin(), report_data.end(), report.report_data.begin());
  if (options_.fault == Fault::kReportData) {
    report.report_data.back() ^= 1U;
  }
  ASSIGN_OR_RETURN(Bytes quote, signer_.Sign(options_.version, report));
  switch (options_.fault) {
    case Fault::kTampered:
      quote.at(kTamperedByte) ^= 1U;
      break;
    case Fault::kGarbage:
      quote.assign(kGarbageSize, 0x47);
      break;
    case Fault::kTruncated:
      quote.resize(quote.size() / 2);
      break;
    default:
      break;
  }
  quote.resize(quote.size() + options_.padding);
  return quote;
}

Result<Bytes> QuoteAnswerer::Answer(
    std::span<const std::uint8_t, 64> report_data) {
  std::this_thread::sleep_for(options_.delay);
  if (options_.error_number != 0) {
    return Bytes{};
  }
  if (options_.fault == Fault::kReplay && !first_.empty()) {
    return first_;
  }
  ASSIGN_OR_RETURN(Bytes quote, MakeQuote(report_data));
  if (first_.empty()) {
    first_ = quote;
  }
  return quote;
}

}  // namespace tdxvfs::simulator

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PCCS_FAULT_H_
#define TDXVFS_SIMULATOR_PCCS_FAULT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "simulator/pccs_answer.h"

namespace tdxvfs::simulator {

// How the pretend caching service misbehaves.
enum class PccsFaultKind : std::uint8_t {
  kSlow,            // answers only after PccsOptions::delay
  kServerError,     // 500
  kUnavailable,     // 503
  kTooMany,         // 429 with Retry-After: 1
  kNotFound,        // 404
  kWrongContent,    // 200 and a page for people
  kTruncated,       // the connection ends in the middle of the body
  kChainReversed,   // issuer chain with the root first
  kNoChain,         // issuer chain left out
  kBodyTooLarge,    // 2 MiB
  kHeaderTooLarge,  // an issuer chain of 100 KiB
  kRedirect,        // 302 to another host
  kStale,           // documents that expired a month ago
  kLowerNumber,     // standard documents with the number before
};

// A fault, which requests have it, and how many of them.
struct PccsFault {
  PccsFaultKind kind = PccsFaultKind::kServerError;
  std::string path;          // those whose path contains this
  std::optional<int> times;  // all when not set
};

// "KIND[,PATH[,TIMES]]", for example "unavailable,pckcrl,2"; the kinds are
// PccsFaultWords(). Any other text is kUsage.
Result<PccsFault> ParsePccsFault(std::string_view text);
std::string PccsFaultWords();

// Changes an answer as the fault demands; kSlow, kTruncated, kStale and
// kLowerNumber are the server's own business.
void ApplyPccsFault(PccsFaultKind kind, PccsAnswer& answer);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PCCS_FAULT_H_

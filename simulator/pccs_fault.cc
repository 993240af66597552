// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_fault.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kTooLargeBody = std::size_t{2} * 1024 * 1024;
constexpr std::size_t kTooLargeHeader = std::size_t{100} * 1024;

constexpr std::array<std::pair<std::string_view, PccsFaultKind>, 14> kWords = {
    {{"slow", PccsFaultKind::kSlow},
     {"server-error", PccsFaultKind::kServerError},
     {"unavailable", PccsFaultKind::kUnavailable},
     {"too-many", PccsFaultKind::kTooMany},
     {"not-found", PccsFaultKind::kNotFound},
     {"wrong-content", PccsFaultKind::kWrongContent},
     {"truncated", PccsFaultKind::kTruncated},
     {"chain-reversed", PccsFaultKind::kChainReversed},
     {"no-chain", PccsFaultKind::kNoChain},
     {"body-too-large", PccsFaultKind::kBodyTooLarge},
     {"header-too-large", PccsFaultKind::kHeaderTooLarge},
     {"redirect", PccsFaultKind::kRedirect},
     {"stale", PccsFaultKind::kStale},
     {"lower-number", PccsFaultKind::kLowerNumber}}};

bool IsIssuerChain(std::string_view header) {
  return header.ends_with("-Issuer-Chain");
}

void TurnIntoRefusal(PccsAnswer& answer, unsigned status) {
  answer.status = status;
  answer.body.clear();
  std::erase_if(answer.headers,
                [](const auto& entry) { return IsIssuerChain(entry.first); });
}

// Two certificates, encoded, change places.
std::string Reversed(const std::string& chain) {
  const std::string begin = PercentEncoded("-----BEGIN");
  const std::size_t second = chain.find(begin, begin.size());
  return second == std::string::npos
             ? chain
             : chain.substr(second) + chain.substr(0, second);
}

void ChangeChains(PccsFaultKind kind, PccsAnswer& answer) {
  for (auto& [name, value] : answer.headers) {
    if (!IsIssuerChain(name)) {
      continue;
    }
    if (kind == PccsFaultKind::kChainReversed) {
      value = Reversed(value);
    } else {
      value.resize(kTooLargeHeader, 'A');
    }
  }
  if (kind == PccsFaultKind::kNoChain) {
    std::erase_if(answer.headers,
                  [](const auto& entry) { return IsIssuerChain(entry.first); });
  }
}

}  // namespace

std::string PccsFaultWords() {
  std::string words;
  for (const auto& [word, kind] : kWords) {
    words += (words.empty() ? "" : ", ") + std::string(word);
  }
  return words;
}

Result<PccsFault> ParsePccsFault(std::string_view text) {
  const Error wrong(Reason::kUsage,
                    "--fault: '" + std::string(text) +
                        "' is not KIND[,PATH[,TIMES]] with a kind of " +
                        PccsFaultWords());
  const auto take = [&text] {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size()
                                                       : comma + 1);
    return part;
  };
  const std::string_view word = take();
  const auto* const found = std::ranges::find(
      kWords, word, &std::pair<std::string_view, PccsFaultKind>::first);
  if (found == kWords.end()) {
    return wrong;
  }
  PccsFault fault{found->second, std::string(take()), std::nullopt};
  if (!text.empty()) {
    const char* const end = text.data() + text.size();
    int times = 0;
    const auto read = std::from_chars(text.data(), end, times);
    if (read.ec != std::errc() || read.ptr != end || times < 1) {
      return wrong;
    }
    fault.times = times;
  }
  return fault;
}

void ApplyPccsFault(PccsFaultKind kind, PccsAnswer& answer) {
  switch (kind) {
    case PccsFaultKind::kServerError:
      return TurnIntoRefusal(answer, 500);
    case PccsFaultKind::kUnavailable:
      return TurnIntoRefusal(answer, 503);
    case PccsFaultKind::kNotFound:
      return TurnIntoRefusal(answer, 404);
    case PccsFaultKind::kTooMany:
      answer.headers["Retry-After"] = "1";
      return TurnIntoRefusal(answer, 429);
    case PccsFaultKind::kRedirect:
      answer.headers["Location"] = "https://elsewhere.invalid/";
      return TurnIntoRefusal(answer, 302);
    case PccsFaultKind::kWrongContent:
      answer.headers["Content-Type"] = "text/html";
      answer.body = "<html><body>Please log in.</body></html>";
      return;
    case PccsFaultKind::kBodyTooLarge:
      answer.body.resize(kTooLargeBody, ' ');
      return;
    case PccsFaultKind::kChainReversed:
    case PccsFaultKind::kNoChain:
    case PccsFaultKind::kHeaderTooLarge:
      return ChangeChains(kind, answer);
    case PccsFaultKind::kSlow:
    case PccsFaultKind::kTruncated:
    case PccsFaultKind::kStale:
    case PccsFaultKind::kLowerNumber:
      return;
  }
}

}  // namespace tdxvfs::simulator

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/noted_source.h"

#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

template <typename Range>
std::vector<std::uint8_t> BytesOf(const Range& range) {
  return {range.begin(), range.end()};
}

}  // namespace

ShownEvidence ShownIn(const Exchange& exchange, const Evidence& evidence,
                      const std::vector<std::uint8_t>& quote) {
  return {.quote = quote,
          .event_log = {},
          .purpose = exchange.purpose,
          .nonce = BytesOf(exchange.nonce),
          .public_key = BytesOf(evidence.public_key),
          .volume = exchange.volume,
          .header_sha256 = BytesOf(exchange.header_sha256),
          .certificate_sha256 = BytesOf(evidence.server_certificate_sha256),
          .config_digest = BytesOf(evidence.config_digest)};
}

Result<verify::CollateralOutcome> NotedSource::Find(const Wanted& wanted) {
  record_->fmspc = ToHex(wanted.fmspc);
  record_->evidence = shown_;
  return source_->Find(wanted);
}

}  // namespace tdxvfs::keyserver

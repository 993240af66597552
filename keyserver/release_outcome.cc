// SPDX-License-Identifier: Apache-2.0
// What a KeyRelease does with a guest's Outcome.
#include <openssl/crypto.h>

#include "common/hex.h"
#include "common/hkdf.h"
#include "keyserver/release_key.h"

namespace tdxvfs::keyserver {

Result<void> KeyRelease::CheckOutcome(const SealedGrant& grant,
                                      std::string_view body,
                                      std::string_view mac) {
  ASSIGN_OR_RETURN(const auto expected,
                   HmacSha256(grant.outcome_key, AsBytes(body)));
  if (mac.size() != expected.size() ||
      CRYPTO_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return Error(Reason::kOutcomeInvalid,
                 "the outcome is not authenticated by the grant's key");
  }
  return {};
}

Result<void> KeyRelease::RecordOutcome(const Exchange& exchange,
                                       const SealedGrant& grant,
                                       std::string_view result,
                                       std::string_view reason,
                                       std::string_view detail) const {
  const OutcomeRecord record{parts_.clock->Now(), grant.audit_id,
                             exchange.volume,     std::string(result),
                             std::string(reason), std::string(detail)};
  return Timed(parts_.metrics, Step::kRecordOutcome,
               [&] { return parts_.audit->Append(record); });
}

}  // namespace tdxvfs::keyserver

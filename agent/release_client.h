// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_RELEASE_CLIENT_H_
#define TDXVFS_AGENT_RELEASE_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/server_identity.h"
#include "attest/report_data.h"
#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"

namespace tdxvfs::agent {

// What a volume is asked for with.
struct ReleaseRequest {
  std::string volume;
  Sha256Digest header_sha256{};
  Sha256Digest config_digest{};
};

// How long each wait may take. The server verifies within milliseconds, but may
// have to fetch collateral first.
struct ReleaseLimits {
  std::chrono::milliseconds connect{20'000};
  std::chrono::milliseconds release{60'000};
  std::chrono::milliseconds outcome{20'000};
};

// What became of a grant. `reason` is a slug, empty when opened.
struct UnlockOutcome {
  bool opened = false;
  std::string reason;
  std::uint32_t version = 0;
};

// The guest's side of one release exchange (docs/protocol.md), to be called in
// this order: Begin, report_data, Redeem, Report. Everything a server may send
// out of order, of a wrong size or junk ends the exchange with
// kServerMisbehaved or kGrantInvalid. Not thread-safe.
class ReleaseClient {
 public:
  // Connects, asks, and waits for the challenge.
  static Result<ReleaseClient> Begin(const ServerIdentity& server,
                                     const ReleaseRequest& request,
                                     const ReleaseLimits& limits = {});
  ReleaseClient(ReleaseClient&&) noexcept;
  ReleaseClient& operator=(ReleaseClient&&) noexcept;
  ~ReleaseClient();

  // What the quote has to carry.
  const attest::ReportDataBytes& report_data() const;
  // Shows the quote, with the platform's event log where there is one, and
  // opens the sealed answer: a serialised VolumeGrant.
  Result<Secret> Redeem(std::span<const std::uint8_t> quote,
                        std::span<const std::uint8_t> event_log = {});
  // Tells the server what became of it and waits until that is recorded.
  // Returns the audit id of the release, empty when the server does not say.
  Result<std::string> Report(const UnlockOutcome& outcome);

 private:
  struct Exchange;
  explicit ReleaseClient(std::unique_ptr<Exchange> exchange);
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_RELEASE_CLIENT_H_

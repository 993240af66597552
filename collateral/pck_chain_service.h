// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_PCK_CHAIN_SERVICE_H_
#define TDXVFS_COLLATERAL_PCK_CHAIN_SERVICE_H_

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "attest/pck_cert_id.h"
#include "attest/verify/pck_chain_source.h"
#include "collateral/pcs_client.h"
#include "common/clock.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Looks PCK chains up at a caching service, for quotes that name their
// certificate instead of carrying it, and remembers them for a while. Such a
// quote has proved nothing when its certificate is asked for, so look-ups are
// few: one at a time, a number in a minute, none again soon that failed.
// Thread-safe.
class PckChainService : public verify::PckChainSource {
 public:
  struct Options {
    // The oldest makes room.
    std::size_t max_chains = 1024;
    // A platform's certificates can be issued anew.
    std::chrono::minutes keep = std::chrono::hours(24);
    std::size_t look_ups_a_minute = 60;
    // For the look-up of another thread to end.
    std::chrono::milliseconds patience{5000};
  };
  // `clock` outlives the service.
  PckChainService(const Options& options, std::unique_ptr<PcsClient> client,
                  const Clock* clock)
      : options_(options), client_(std::move(client)), clock_(clock) {}

  // As the interface; waits for the service.
  Result<std::string> Find(const attest::PckCertId& id) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  // A chain, or why there was none.
  struct Known {
    Result<std::string> chain;
    Time until;
  };
  using Chains = std::map<attest::PckCertId, Known>;

  const Known* Recall(const attest::PckCertId& id);
  bool MayLookUp();
  void Remember(const attest::PckCertId& id,
                const Result<std::string>& looked_up);

  const Options options_;
  const std::unique_ptr<PcsClient> client_;
  const Clock* const clock_;

  std::timed_mutex looking_up_;  // taken before mutex_
  std::mutex mutex_;
  Chains chains_;
  std::deque<Chains::iterator> oldest_first_;
  Chains failures_;            // at most as many as look-ups in a minute
  std::deque<Time> look_ups_;  // of the last minute
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_PCK_CHAIN_SERVICE_H_

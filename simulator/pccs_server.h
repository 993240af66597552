// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PCCS_SERVER_H_
#define TDXVFS_SIMULATOR_PCCS_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "simulator/collateral_options.h"
#include "simulator/pccs_fault.h"
#include "simulator/pki.h"

namespace tdxvfs::simulator {

struct PccsOptions {
  std::string listen = "127.0.0.1:0";  // numeric address; port 0: a free one
  // PEM; plain HTTP when both are empty.
  std::string tls_certificate;
  std::string tls_key;
  std::chrono::milliseconds delay{5000};  // of PccsFaultKind::kSlow
  std::vector<PccsFault> faults;
};

// A pretend caching service for Intel's collateral over HTTP or HTTPS, for
// tests and the demo. Serves from threads of its own until it is destroyed;
// every member function may be called meanwhile.
class PccsServer {
 public:
  // Serves what `pki` signs, as `collateral` says (`tee` does not count). `pki`
  // must outlive the server. Fails with kUsage (address, TLS files, options of
  // the collateral), kIoError (cannot listen) or kInternal.
  static Result<PccsServer> Start(const Pki& pki,
                                  const CollateralOptions& collateral,
                                  const PccsOptions& options);
  PccsServer(PccsServer&&) noexcept;
  PccsServer& operator=(PccsServer&&) noexcept;
  ~PccsServer();

  // "http://127.0.0.1:40123"; with TLS "https://...".
  const std::string& url() const;
  // Replaces what is served from now on.
  Result<void> Serve(const CollateralOptions& collateral);
  void SetFaults(std::vector<PccsFault> faults);
  // Path and query of every request so far, in order.
  std::vector<std::string> requests() const;

 private:
  struct State;
  explicit PccsServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PCCS_SERVER_H_

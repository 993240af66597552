// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_PCS_CLIENT_H_
#define TDXVFS_COLLATERAL_PCS_CLIENT_H_

#include <chrono>
#include <memory>
#include <string>

#include "attest/pck_cert_id.h"
#include "collateral/http_client.h"
#include "collateral/supplier.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Fetches sets from Intel's provisioning certification service (PCS API v4) or
// from a caching service (PCCS) with the same paths below a base of its own.
class PcsClient : public Supplier {
 public:
  struct Options {
    // A PCCS as CheckServiceUrl allows, with or without the path
    // /sgx/certification/v4 behind it; empty: Intel's service.
    std::string pccs_url;
    std::string ca_file;  // PEM, of the PCCS's TLS; empty: the system's
    // For one document and for a whole set.
    std::chrono::milliseconds request_timeout{20'000};
    std::chrono::milliseconds set_timeout{45'000};
  };
  // Fails with kUsage (the URL) or kInternal.
  static Result<std::unique_ptr<PcsClient>> Open(const Options& options);

  // Fails with kCollateralUnknown (404: no such platform), kCollateralGone
  // (410), kCollateralBusy (429; with the seconds of Retry-After),
  // kCollateralUnreachable (no answer, 5xx), kCollateralInvalid (any other
  // status, redirects, answers that are no collateral or too large) or
  // kStopped. The message names the URL.
  Result<verify::CollateralDocuments> Fetch(
      const SetName& name, const std::stop_token& stop) override;

  // The PCK chain (PEM: leaf, PCK CA, root) of a quote that names its PCK
  // certificate; not verified. A caching service knows platforms by QE id and
  // is told the encrypted PPID in the one form that Intel's service takes,
  // RSA-3072. Intel's own service gives PCK certificates to its subscribers
  // only: without a PCCS this is kCollateralUnknown. Else fails as Fetch.
  Result<std::string> FetchPckChain(const attest::PckCertId& id,
                                    const std::stop_token& stop);

 private:
  PcsClient(Options options, HttpClient http);
  class Session;

  const Options options_;
  std::string base_;
  std::string root_crl_url_;
  HttpClient http_;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_PCS_CLIENT_H_

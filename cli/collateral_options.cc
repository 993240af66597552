// SPDX-License-Identifier: Apache-2.0
#include "cli/collateral_options.h"

#include <signal.h>

namespace tdxvfs::cli {

void AddServiceOptions(const Command& command, ServiceOptions& options) {
  command.AddOption("--pccs", options.pccs,
                    "https:// URL of a caching service (default: Intel's "
                    "service)");
  command
      .AddOption("--pccs-ca", options.pccs_ca,
                 "certificate authority of its TLS, PEM (default: the "
                 "system's)")
      .Needs("--pccs");
}

Result<std::unique_ptr<collateral::PcsClient>> OpenService(
    const ServiceOptions& options) {
  // Then it is an error like any other.
  (void)signal(SIGPIPE, SIG_IGN);
  return collateral::PcsClient::Open(
      {.pccs_url = options.pccs, .ca_file = options.pccs_ca});
}

void AddTrustAnchor(const Command& command, std::string& file) {
  command.AddOption("--trust-anchor", file,
                    "root certificate, PEM (default: Intel SGX Root CA)");
}

}  // namespace tdxvfs::cli

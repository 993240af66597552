// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_pccs.h"

#include <signal.h>

#include <iostream>

#include "common/file.h"
#include "common/service_manager.h"
#include "simulator/pccs_server.h"
#include "simulator/pki.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{64} * 1024;

Result<PccsOptions> ReadArguments(const PccsArguments& arguments) {
  PccsOptions options;
  options.listen = arguments.listen;
  options.delay = std::chrono::milliseconds(arguments.delay_ms);
  for (const std::string& text : arguments.faults) {
    ASSIGN_OR_RETURN(PccsFault fault, ParsePccsFault(text));
    options.faults.push_back(std::move(fault));
  }
  if (!arguments.tls_certificate.empty()) {
    ASSIGN_OR_RETURN(options.tls_certificate,
                     ReadFile(arguments.tls_certificate, kMaxPemSize));
    ASSIGN_OR_RETURN(options.tls_key, ReadFile(arguments.tls_key, kMaxPemSize));
  }
  return options;
}

}  // namespace

Result<void> RunPccs(const std::filesystem::path& pki_folder,
                     const CollateralOptions& collateral,
                     const PccsArguments& arguments) {
  ASSIGN_OR_RETURN(const PccsOptions options, ReadArguments(arguments));
  ASSIGN_OR_RETURN(const Pki pki, Pki::Load(pki_folder));
  // Before there are threads, so that none of them takes the signal.
  sigset_t stopping;
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGINT);
  sigaddset(&stopping, SIGTERM);
  if (pthread_sigmask(SIG_BLOCK, &stopping, nullptr) != 0) {
    return Error(Reason::kInternal, "cannot wait for signals");
  }
  CollateralOptions served = collateral;
  served.early_status = arguments.early_status;
  ASSIGN_OR_RETURN(const PccsServer server,
                   PccsServer::Start(pki, served, options));
  std::cout << server.url() << std::endl;
  NotifyService("READY=1");
  int signal_number = 0;
  (void)sigwait(&stopping, &signal_number);
  return {};
}

}  // namespace tdxvfs::simulator

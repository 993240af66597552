// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_RUN_PCCS_H_
#define TDXVFS_SIMULATOR_RUN_PCCS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"
#include "simulator/collateral_options.h"

namespace tdxvfs::simulator {

// The words of the `pccs` command.
struct PccsArguments {
  std::string listen = "127.0.0.1:8081";
  std::string tls_certificate;  // files
  std::string tls_key;
  unsigned delay_ms = 5000;
  std::vector<std::string> faults;
  std::string early_status;
};

// Serves the collateral of the PKI in a folder, prints the URL once it listens
// and returns on SIGINT or SIGTERM.
Result<void> RunPccs(const std::filesystem::path& pki_folder,
                     const CollateralOptions& collateral,
                     const PccsArguments& arguments);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_RUN_PCCS_H_

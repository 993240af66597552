// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_
#define TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_

#include <CLI/CLI.hpp>

#include "simulator/collateral_options.h"
#include "simulator/run_pccs.h"

namespace tdxvfs::simulator {

// Gives a command every option of CollateralOptions, which must outlive it.
void AddCollateralOptions(CLI::App* command, CollateralOptions& options);

// The same for the service's own options.
void AddPccsOptions(CLI::App* command, PccsArguments& arguments);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_

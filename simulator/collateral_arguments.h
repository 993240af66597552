// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_
#define TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_

#include <CLI/CLI.hpp>

#include "simulator/collateral_options.h"

namespace tdxvfs::simulator {

// Gives a command every option of CollateralOptions, which must outlive it.
void AddCollateralOptions(CLI::App* command, CollateralOptions& options);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_COLLATERAL_ARGUMENTS_H_

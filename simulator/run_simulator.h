// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_RUN_SIMULATOR_H_
#define TDXVFS_SIMULATOR_RUN_SIMULATOR_H_

namespace tdxvfs::simulator {

// The `tdxvfs-simulator` program: reads its command line, does what it says,
// reports an error and returns the exit code.
int RunSimulator(int argc, char** argv);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_RUN_SIMULATOR_H_

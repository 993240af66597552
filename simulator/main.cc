// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_simulator.h"

int main(int argc, char** argv) {
  return tdxvfs::simulator::RunSimulator(argc, argv);
}

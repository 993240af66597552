// SPDX-License-Identifier: Apache-2.0
#include "agent/run_agent.h"

int main(int argc, char** argv) {
  return tdxvfs::agent::RunAgent(argc, argv, {});
}

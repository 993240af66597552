// SPDX-License-Identifier: Apache-2.0
// The agent for tests that run it as a program: the same, except that its
// configuration, its run directory, its configfs and its event log (CCEL) lie
// below TDXVFS_TEST_ROOT.
// Never installed.
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "agent/run_agent.h"

int main(int argc, char** argv) {
  const char* const root_text = getenv("TDXVFS_TEST_ROOT");
  if (root_text == nullptr) {
    (void)std::fputs("TDXVFS_TEST_ROOT is not set\n", stderr);
    return 1;
  }
  const std::filesystem::path root(root_text);
  return tdxvfs::agent::RunAgent(argc, argv,
                                 {.config_directory = root / "etc",
                                  .run_directory = root / "run",
                                  .configfs_root = root / "config",
                                  .event_log = root / "CCEL"});
}

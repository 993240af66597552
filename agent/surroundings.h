// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_SURROUNDINGS_H_
#define TDXVFS_AGENT_SURROUNDINGS_H_

#include <filesystem>

namespace tdxvfs::agent {

// Where the agent finds its world. The installed program knows these paths
// only; a test program of its own passes others.
struct Surroundings {
  std::filesystem::path config_directory = "/etc/tdxvfs";
  std::filesystem::path run_directory = "/run/tdxvfs";
  std::filesystem::path configfs_root = "/sys/kernel/config";
  std::filesystem::path event_log = "/sys/firmware/acpi/tables/data/CCEL";
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_SURROUNDINGS_H_

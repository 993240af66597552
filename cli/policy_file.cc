// SPDX-License-Identifier: Apache-2.0
#include "cli/policy_file.h"

#include <chrono>

#include "attest/policy/measurement_policy.h"
#include "common/file.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxPolicySize = std::size_t{64} * 1024;  // bytes

}  // namespace

Result<std::string> ReadPolicyFile(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(std::string json, ReadFile(path, kMaxPolicySize));
  RETURN_IF_ERROR(policy::MeasurementPolicy::Parse(json).Context(
      "policy '" + path.string() + "'"));
  return json;
}

Result<void> NoteDoubts(const std::string& json, const Console& console) {
  ASSIGN_OR_RETURN(const policy::MeasurementPolicy read,
                   policy::MeasurementPolicy::Parse(json));
  const auto now = std::chrono::system_clock::now();
  for (const std::string& doubt : read.Doubts(now)) {
    console.err << "tdxvfs: note: policy: " << doubt << "\n";
  }
  return {};
}

}  // namespace tdxvfs::cli

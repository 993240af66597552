// SPDX-License-Identifier: Apache-2.0
#include "common/volume_name.h"

#include <algorithm>
#include <string>

namespace tdxvfs {
namespace {

constexpr std::size_t kMaxLength = 48;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

Result<void> CheckVolumeName(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= kMaxLength &&
      IsLetterOrDigit(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-';
      });
  if (!good) {
    return Error(
        Reason::kVolumeNameInvalid,
        "'" + std::string(name.substr(0, 64)) + "' is not a volume name");
  }
  return {};
}

}  // namespace tdxvfs

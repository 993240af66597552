// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_PROFILE_LIMITS_H_
#define TDXVFS_COMMON_PROFILE_LIMITS_H_

#include <string_view>

namespace tdxvfs {

// The profiles of volumes that are opened read-only (docs/threat-model.md).
// `sealed-1` has dm-verity; `imported-1`, made by other programs, has not.
inline constexpr std::string_view kSealedProfile = "sealed-1";
inline constexpr std::string_view kImportedProfile = "imported-1";

// What a profile does not protect from, in words for people; empty when there
// is nothing. Whatever shows a volume shows this with it.
constexpr std::string_view LimitsOfProfile(std::string_view profile) {
  return profile == kImportedProfile ? "neither changed data (D5) nor old data "
                                       "put back (D4) are noticed"
                                     : std::string_view();
}

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_PROFILE_LIMITS_H_

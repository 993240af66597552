// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_EVIDENCE_PLACE_H_
#define TDXVFS_COMMON_EVIDENCE_PLACE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tdxvfs::audit {

// The folder of the evidence files, in that of the log.
inline constexpr std::string_view kEvidenceFolder = "evidence";

// Where the evidence of a record stands: in a file of the evidence folder.
struct EvidencePlace {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// "FILE:OFFSET:SIZE", as records have it. Nothing for a name that could lead
// out of the folder and for a size beyond any evidence.
std::optional<EvidencePlace> ParseEvidencePlace(std::string_view text);

}  // namespace tdxvfs::audit

#endif  // TDXVFS_COMMON_EVIDENCE_PLACE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HEADER_RELATIONS_H_
#define TDXVFS_LUKS_HEADER_RELATIONS_H_

#include <simdjson.h>

#include <cstdint>

#include "luks/header_refusal.h"

namespace tdxvfs::luks {

// What the members of LUKS2 metadata must say about each other, each one being
// right by itself: sizes in "config", key slot areas that hold their key, lie
// inside the key slots' region and do not overlap, digests and tokens of key
// slots and segments that exist, one digest and one key size for the segment
// (LUKS2 On-Disk Format 1.1, sections 2.4 and 3). Sizes in bytes:
// `metadata_size` of one of the two metadata areas, `header_size` of all.
//
// Only for metadata whose shape holds: members that are missing or of another
// type are passed over.
void CheckRelations(const simdjson::dom::element& metadata,
                    std::uint64_t metadata_size, std::uint64_t header_size,
                    HeaderRefusals* refusals);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HEADER_RELATIONS_H_

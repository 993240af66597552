// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_VERITY_JSON_H_
#define TDXVFS_LUKS_IMAGE_VERITY_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::image {

// dm-verity's parameters as the manifest has them: `{"hash":"sha256",
// "data_block_size":4096,"hash_block_size":4096,"data_blocks":N,
// "hash_start_block":N,"salt":"HEX","root_hash":"HEX"}`, digits lower case.
std::string VerityJson(const luks::VerityParameters& verity);

// Reads what VerityJson writes, given as one JSON object. Unknown, doubled and
// missing members, another hash or block size, a salt above 256 bytes and a
// tree that overlaps the data or ends behind `size` (bytes of the mapping) are
// refused with kFileInvalid, which names the member.
Result<luks::VerityParameters> ParseVerity(std::string_view json,
                                           std::uint64_t size);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_VERITY_JSON_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HEADER_METADATA_H_
#define TDXVFS_LUKS_HEADER_METADATA_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::luks {

// A key-derivation function and what one run of it costs.
struct KdfCost {
  std::string type;              // "pbkdf2", "argon2i", "argon2id"
  std::string hash;              // pbkdf2 only
  std::uint64_t iterations = 0;  // passes, for argon2
  std::uint64_t memory = 0;      // KiB, argon2 only
  std::uint64_t threads = 0;     // argon2 only
};

struct KeySlotMetadata {
  int number = 0;
  std::string type;            // "luks2"
  std::uint64_t key_size = 0;  // bytes
  std::string area_type;       // "raw"
  std::string area_cipher;
  KdfCost kdf;
};

struct SegmentMetadata {
  std::string type;          // "crypt"
  std::uint64_t offset = 0;  // bytes
  std::string size;          // "dynamic" or bytes
  std::string iv_tweak;
  std::string cipher;
  std::uint64_t sector_size = 0;  // bytes
  std::string integrity;          // empty without
  bool has_flags = false;
};

// What a LUKS2 header's JSON area says, as far as opening and the profiles
// need it. Believed by nobody before header_profile.h has checked it.
struct HeaderMetadata {
  std::vector<KeySlotMetadata> key_slots;
  std::vector<SegmentMetadata> segments;
  std::vector<KdfCost> digests;
  std::uint64_t tokens = 0;
  bool has_requirements = false;
  bool has_flags = false;
};

// Reads the JSON of a LUKS2 header (On-Disk Format 1.1, section 3). Fails with
// kHeaderRefused, naming the member.
Result<HeaderMetadata> ParseHeaderMetadata(std::string_view json);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HEADER_METADATA_H_

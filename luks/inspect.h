// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_INSPECT_H_
#define TDXVFS_LUKS_INSPECT_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"
#include "luks/header_refusal.h"

namespace tdxvfs::luks {

struct KeySlotInfo {
  int number = 0;
  std::uint32_t key_size = 0;        // bytes
  std::string cipher;                // of the key-slot area
  std::string kdf;                   // "pbkdf2", "argon2i", "argon2id"
  std::uint64_t kdf_iterations = 0;  // passes, for argon2
  std::uint64_t kdf_memory = 0;      // KiB, argon2 only
  std::uint32_t kdf_threads = 0;     // argon2 only
};

// A header that was read as a whole.
struct HeaderDescription {
  std::string uuid;
  std::uint64_t size = 0;         // bytes; the data segment's offset
  Sha256Digest sha256{};          // over [0, size)
  std::uint64_t data_size = 0;    // bytes behind the header
  std::string cipher;             // of the data segment, "aes-xts-plain64"
  std::uint32_t sector_size = 0;  // bytes
  std::string integrity;          // empty without
  std::vector<KeySlotInfo> key_slots;
  std::uint32_t tokens = 0;
};

// What an image says about itself. Nothing of it is authenticated.
struct Inspection {
  std::uint32_t luks_version = 0;  // 2
  std::uint64_t image_size = 0;    // bytes
  // Nothing when libcryptsetup does not take the metadata, or they have the
  // data where no header of ours or an imported one ends.
  std::optional<HeaderDescription> header;
  // "sealed-1", "imported-1", or empty when no profile takes this header; then
  // `refusal` says why it could not be read, or what is in the way of
  // "imported-1", without the image's name; and `refusals` what is in the way
  // of the profile that refuses less: of a header that was not read, "sealed-1"
  // is only thought of where its metadata areas have the size of ours.
  std::string header_profile;
  std::string refusal;
  HeaderRefusals refusals;
};

// Reads an image's header without root, without a passphrase and without
// changing anything. Fails with kImageMissing, kImageUnreadable, kImageKind,
// kImageTruncated, kImageNotLuks2.
Result<Inspection> InspectImage(const std::filesystem::path& path);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_INSPECT_H_

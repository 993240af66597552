// SPDX-License-Identifier: Apache-2.0
#include "luks/header_profile.h"

#include <string>

#include "luks/luks_format.h"

namespace tdxvfs::luks {
namespace {

// What one profile allows beyond the rules that hold for all.
struct Bounds {
  std::uint64_t max_key_slots;
  std::uint64_t max_digests;
  std::uint64_t max_pbkdf2_iterations;
  bool argon2;
  bool tokens_and_flags;
  std::uint64_t min_key_size;  // bytes; XTS takes two keys
};

constexpr Bounds kSealed{.max_key_slots = 1,
                         .max_digests = 1,
                         .max_pbkdf2_iterations = 100'000,
                         .argon2 = false,
                         .tokens_and_flags = false,
                         .min_key_size = 64};
constexpr Bounds kImported{.max_key_slots = 32,
                           .max_digests = 32,
                           .max_pbkdf2_iterations = 10'000'000,
                           .argon2 = true,
                           .tokens_and_flags = true,
                           .min_key_size = 32};

constexpr std::uint64_t kMinPbkdf2Iterations = 1000;
constexpr std::uint64_t kMaxArgon2Passes = 16;
constexpr std::uint64_t kMaxArgon2Memory = 1048576;  // KiB
constexpr std::uint64_t kMaxArgon2Threads = 4;
constexpr std::uint64_t kMinSectorSize = 512;   // bytes
constexpr std::uint64_t kMaxSectorSize = 4096;  // bytes
constexpr std::uint64_t kMaxKeySize = 64;       // bytes

Error ProfileError(std::string what) {
  return {Reason::kHeaderRefused, "LUKS2 header: " + std::move(what)};
}

Result<void> CheckKdf(const KdfCost& kdf, const Bounds& bounds,
                      const std::string& where) {
  if (kdf.type == "pbkdf2") {
    if (kdf.iterations < kMinPbkdf2Iterations ||
        kdf.iterations > bounds.max_pbkdf2_iterations) {
      return ProfileError(where + " wants " + std::to_string(kdf.iterations) +
                          " pbkdf2 iterations, allowed are 1000 to " +
                          std::to_string(bounds.max_pbkdf2_iterations));
    }
    return {};
  }
  if (!bounds.argon2 || (kdf.type != "argon2i" && kdf.type != "argon2id")) {
    return ProfileError(where + " has key derivation '" + kdf.type + "'");
  }
  if (kdf.iterations > kMaxArgon2Passes || kdf.memory > kMaxArgon2Memory ||
      kdf.threads > kMaxArgon2Threads) {
    return ProfileError(where + " wants argon2 with " +
                        std::to_string(kdf.iterations) + " passes, " +
                        std::to_string(kdf.memory) + " KiB and " +
                        std::to_string(kdf.threads) +
                        " threads, allowed are 16, 1048576 and 4");
  }
  return {};
}

Result<void> CheckSegment(const HeaderMetadata& metadata,
                          std::uint64_t header_size) {
  if (metadata.segments.size() != 1) {
    return ProfileError(std::to_string(metadata.segments.size()) +
                        " segments instead of one");
  }
  const SegmentMetadata& segment = metadata.segments.front();
  if (segment.type != "crypt" || segment.cipher != kVolumeCipher) {
    return ProfileError("segment of type '" + segment.type + "' with cipher '" +
                        segment.cipher + "' instead of " +
                        std::string(kVolumeCipher));
  }
  if (!segment.integrity.empty() || segment.has_flags) {
    return ProfileError("segment with integrity or flags");
  }
  if (segment.offset != header_size || segment.size != "dynamic") {
    return ProfileError("segment at byte " + std::to_string(segment.offset) +
                        " of size '" + segment.size +
                        "' does not fill all behind " + "the header of " +
                        std::to_string(header_size) + " bytes");
  }
  if (segment.iv_tweak != "0") {
    return ProfileError("segment with IV offset " + segment.iv_tweak);
  }
  const std::uint64_t sector = segment.sector_size;
  if (sector < kMinSectorSize || sector > kMaxSectorSize ||
      (sector & (sector - 1)) != 0) {
    return ProfileError("sector size " + std::to_string(sector));
  }
  return {};
}

Result<void> CheckKeySlots(const HeaderMetadata& metadata,
                           const Bounds& bounds) {
  if (metadata.key_slots.empty() ||
      metadata.key_slots.size() > bounds.max_key_slots) {
    return ProfileError(std::to_string(metadata.key_slots.size()) +
                        " key slots");
  }
  for (const KeySlotMetadata& slot : metadata.key_slots) {
    const std::string where = "key slot " + std::to_string(slot.number);
    if (slot.type != "luks2") {
      return ProfileError(where + " has type '" + slot.type + "'");
    }
    if (slot.key_size < bounds.min_key_size || slot.key_size > kMaxKeySize) {
      return ProfileError(where + " holds a key of " +
                          std::to_string(slot.key_size) + " bytes");
    }
    if (slot.area_type != "raw" || slot.area_cipher != kVolumeCipher) {
      return ProfileError(where + " is stored as '" + slot.area_type +
                          "' with cipher '" + slot.area_cipher + "'");
    }
    RETURN_IF_ERROR(CheckKdf(slot.kdf, bounds, where));
  }
  return {};
}

Result<void> CheckDigests(const HeaderMetadata& metadata,
                          const Bounds& bounds) {
  if (metadata.digests.empty() ||
      metadata.digests.size() > bounds.max_digests) {
    return ProfileError(std::to_string(metadata.digests.size()) + " digests");
  }
  for (const KdfCost& digest : metadata.digests) {
    if (digest.type != "pbkdf2") {
      return ProfileError("digest has type '" + digest.type + "'");
    }
    RETURN_IF_ERROR(CheckKdf(digest, bounds, "digest"));
  }
  return {};
}

}  // namespace

Result<void> CheckHeaderProfile(const HeaderMetadata& metadata,
                                std::string_view profile,
                                std::uint64_t header_size) {
  if (profile != kSealedProfile && profile != kImportedProfile) {
    return Error(
        Reason::kNotSupported,
        "header profile '" + std::string(profile) + "' is not known here");
  }
  const Bounds& bounds = profile == kSealedProfile ? kSealed : kImported;
  if (metadata.has_requirements) {
    return ProfileError("requirements, as re-encryption sets them");
  }
  if (!bounds.tokens_and_flags &&
      (metadata.tokens != 0 || metadata.has_flags)) {
    return ProfileError("tokens or flags");
  }
  RETURN_IF_ERROR(CheckSegment(metadata, header_size));
  RETURN_IF_ERROR(CheckKeySlots(metadata, bounds));
  return CheckDigests(metadata, bounds);
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_
#define TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"

namespace tdxvfs::keyserver {

// What opening a volume's dm-verity device takes (kernel,
// admin-guide/device-mapper/verity, "Construction Parameters"). The server only
// hands it on.
struct VerityDescription {
  std::string hash;                   // "sha256"
  std::uint32_t data_block_size = 0;  // bytes
  std::uint32_t hash_block_size = 0;  // bytes
  std::uint64_t data_blocks = 0;
  std::uint64_t hash_start_block = 0;  // in hash blocks
  std::vector<std::uint8_t> salt;      // at most 256 bytes
  Sha256Digest root_hash{};

  bool operator==(const VerityDescription&) const = default;
};

// What the server must know of one immutable version of a volume, besides its
// passphrase.
struct VersionDescription {
  std::string uuid;
  std::uint64_t header_size = 0;  // bytes
  Sha256Digest header_sha256{};
  std::string header_profile;
  std::string file_system;
  std::vector<std::string> mount_options;
  std::optional<VerityDescription> verity;  // nothing: an image without one
};

struct VersionRecord {
  std::string volume;
  std::uint32_t version = 0;
  VersionDescription description;
  bool retired = false;
  std::string created;  // RFC 3339, UTC
};

struct VolumeRecord {
  std::string name;
  bool disabled = false;
  std::optional<std::string> policy_json;
};

// Volumes, their versions, passphrases and policies. Several servers may share
// one store, so nothing here is cached by callers. Thread-safe.
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // The volume, or nothing when the store does not know it.
  virtual Result<std::optional<VolumeRecord>> FindVolume(
      std::string_view volume) = 0;
  // All volumes in order of name.
  virtual Result<std::vector<VolumeRecord>> ListVolumes() = 0;
  // Registers the next version and returns its number, 1 for the first.
  // kAlreadyExists when a version of the volume has this header digest.
  virtual Result<std::uint32_t> AddVersion(
      std::string_view volume, const VersionDescription& description,
      const Secret& passphrase, std::chrono::system_clock::time_point now) = 0;
  // Versions of one volume in order; kVolumeUnknown when there is none.
  virtual Result<std::vector<VersionRecord>> ListVersions(
      std::string_view volume) = 0;
  // The version with this header digest, retired or not.
  virtual Result<std::optional<VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) = 0;
  // Unseals the passphrase of a version. kStoreInvalid when the record was
  // changed or comes from another place.
  virtual Result<Secret> Passphrase(const VersionRecord& version) = 0;
  // kVolumeUnknown or kVersionUnknown when there is none. Retiring twice
  // changes nothing.
  virtual Result<void> RetireVersion(std::string_view volume,
                                     std::uint32_t version) = 0;
  virtual Result<void> SetDisabled(std::string_view volume, bool disabled) = 0;
  // Replaces the policy; makes the volume when it is new.
  virtual Result<void> PutPolicy(std::string_view volume,
                                 std::string_view json) = 0;
  // Whether the store answers.
  virtual Result<void> CheckHealth() = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_

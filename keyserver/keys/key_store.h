// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_
#define TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

  bool operator==(const VersionDescription&) const = default;
};

// When and how often the key of a version may be released. Calendar times in
// whole seconds, by the server's clock.
struct VersionLimits {
  std::optional<std::chrono::sys_seconds> not_before;
  std::optional<std::chrono::sys_seconds> not_after;
  // How many releases there may be, counted from when this was set.
  std::optional<std::uint32_t> releases;
};

struct VersionRecord {
  std::string volume;
  std::uint32_t version = 0;
  VersionDescription description;
  bool retired = false;
  std::string created;  // RFC 3339, UTC
  VersionLimits limits;
  // Releases since limits.releases was set; not counted without it.
  std::uint32_t released = 0;
  // Set once the version is deleted: until then it can be undeleted.
  std::optional<std::chrono::sys_seconds> delete_after;
  // The passphrase is gone for good.
  bool destroyed = false;
};

struct VolumeRecord {
  std::string name;
  bool disabled = false;
  std::optional<std::string> policy_json;
  std::uint32_t policy_number = 0;  // 0: no policy
};

// One policy of a volume's history.
struct PolicyRecord {
  std::uint32_t number = 0;  // counts from 1
  std::string json;
  std::string author;  // empty: put before authors were kept
  std::string time;    // RFC 3339, UTC; empty like author
};

// A guest's address that got the key of a version.
struct GuestSeen {
  std::uint32_t version = 0;
  std::string peer;  // without its port
  std::chrono::sys_seconds last{};
  std::uint64_t releases = 0;
};

// One entry of a list: the record, or why it cannot be read (kStoreInvalid), so
// that a damaged record hides none of the others.
template <typename Record>
struct Listed {
  std::string volume;
  std::uint32_t number = 0;  // of the version or policy; 0: the volume itself
  Result<Record> record;
};

// Adds an entry to a list. Fails as `record` does where that is not a damaged
// record but a store that cannot be read.
template <typename Record>
Result<void> AddListed(std::string_view volume, std::uint32_t number,
                       Result<Record> record,
                       std::vector<Listed<Record>>* list) {
  if (!record.has_value() && record.error().reason() != Reason::kStoreInvalid) {
    return std::move(record).error();
  }
  list->push_back({std::string(volume), number, std::move(record)});
  return {};
}

// Volumes, their versions, passphrases and policies. Several servers may share
// one store, so nothing here is cached by callers. Thread-safe. Every call
// fails with kStoreInvalid when a record that it reads was changed or comes
// from another place (a list says so in its entry and goes on), kNoSpace when
// the disk is full, else kInternal.
class KeyStore {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  virtual ~KeyStore() = default;

  // The volume, or nothing when the store does not know it.
  virtual Result<std::optional<VolumeRecord>> FindVolume(
      std::string_view volume) = 0;
  // At most `limit` volumes in order of name, from the first after `after`.
  virtual Result<std::vector<Listed<VolumeRecord>>> ListVolumes(
      std::string_view after, std::size_t limit) = 0;
  // Registers the next version and returns its number, 1 for the first.
  // kAlreadyExists when a version of the volume has this header digest.
  virtual Result<std::uint32_t> AddVersion(
      std::string_view volume, const VersionDescription& description,
      const Secret& passphrase, TimePoint now) = 0;
  // Versions of one volume in order; kVolumeUnknown when there is none.
  virtual Result<std::vector<Listed<VersionRecord>>> ListVersions(
      std::string_view volume) = 0;
  // The version with this header digest, live or not.
  virtual Result<std::optional<VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) = 0;
  // Unseals the passphrase of a version. kVersionUnknown when it is destroyed.
  virtual Result<Secret> Passphrase(const VersionRecord& version) = 0;

  // These fail with kVolumeUnknown or kVersionUnknown when there is none.
  // Retiring twice changes nothing.
  virtual Result<void> RetireVersion(std::string_view volume,
                                     std::uint32_t version) = 0;
  virtual Result<void> SetDisabled(std::string_view volume, bool disabled) = 0;
  // Replaces all limits of a version and begins to count its releases anew.
  virtual Result<void> SetLimits(std::string_view volume, std::uint32_t version,
                                 const VersionLimits& limits) = 0;
  // Releases nothing of a version from now on, and destroys its passphrase
  // once `delete_after` has passed (Destroy). Nothing: undeletes it, or
  // kVersionUnknown when it is destroyed.
  virtual Result<void> SetDeletion(
      std::string_view volume, std::uint32_t version,
      std::optional<std::chrono::sys_seconds> delete_after) = 0;
  // The deleted versions whose time has come.
  virtual Result<std::vector<Listed<VersionRecord>>> ListDue(TimePoint now) = 0;
  // Destroys the passphrase of a deleted version, whose number and header
  // stay known. Does nothing when it is not deleted (any more). Returns whether
  // the passphrase is destroyed now.
  virtual Result<bool> Destroy(std::string_view volume, std::uint32_t version,
                               TimePoint now) = 0;

  // Counts a release against the version's limits, durably and one by one.
  // kRefusedByPolicy when they do not allow it (any more) at this time. Call
  // GiveBack when the release did not happen.
  virtual Result<void> TakeRelease(std::string_view volume,
                                   std::uint32_t version, TimePoint now) = 0;
  virtual Result<void> GiveBack(std::string_view volume,
                                std::uint32_t version) = 0;

  // Makes this the current policy and keeps the earlier ones; makes the volume
  // when it is new. Returns the policy's number.
  virtual Result<std::uint32_t> PutPolicy(std::string_view volume,
                                          std::string_view json,
                                          std::string_view author,
                                          TimePoint now) = 0;
  // One policy of the history. kPolicyMissing when there is none.
  virtual Result<PolicyRecord> FindPolicy(std::string_view volume,
                                          std::uint32_t number) = 0;
  // The newest policies, at most `limit`, oldest first.
  virtual Result<std::vector<Listed<PolicyRecord>>> ListPolicies(
      std::string_view volume, std::size_t limit) = 0;

  // Notes releases for people who want to retire a version. Not sealed and not
  // part of any decision: the audit log is what counts.
  virtual Result<void> NoteGuests(std::string_view volume,
                                  const std::vector<GuestSeen>& guests) = 0;
  // Guests that got a key of the volume, the newest first, at most `limit`.
  virtual Result<std::vector<GuestSeen>> ListGuests(std::string_view volume,
                                                    std::size_t limit) = 0;
  // Whether the store answers.
  virtual Result<void> CheckHealth() = 0;
};

// Whether the key of a version may be released at this time, as far as the
// version itself says. kRefusedByPolicy with the reason in words.
Result<void> CheckReleasable(const VersionRecord& record,
                             KeyStore::TimePoint now);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_KEY_STORE_H_

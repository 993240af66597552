// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_RECORD_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_RECORD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"
#include "keyserver/keys/key_store.h"

namespace tdxvfs::keyserver {

// The bytes of the key store's records, as field lists. Readers fail with
// kStoreInvalid.

// What the seals of a version's state and passphrase vouch for. Kept as it was
// written: members that are added later are fields at its end, left out when
// they are not set.
std::vector<std::uint8_t> WriteDescription(
    const VersionDescription& description);
Result<VersionDescription> ReadDescriptionRecord(
    std::span<const std::uint8_t> bytes);

// What changes in the life of a version: all of VersionRecord but its name,
// number and description.
std::vector<std::uint8_t> WriteVersionState(const VersionRecord& version);
Result<void> ReadVersionState(std::span<const std::uint8_t> bytes,
                              VersionRecord* version);

// What a volume is besides its versions; `policy_number` names the policy that
// counts, so that an earlier one cannot be put in its place.
struct VolumeState {
  bool disabled = false;
  std::uint32_t policy_number = 0;
};
std::vector<std::uint8_t> WriteVolumeState(const VolumeState& state);
Result<VolumeState> ReadVolumeState(std::span<const std::uint8_t> bytes);

// All of PolicyRecord but its number.
std::vector<std::uint8_t> WritePolicy(const PolicyRecord& policy);
Result<PolicyRecord> ReadPolicy(std::uint32_t number,
                                std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_RECORD_H_

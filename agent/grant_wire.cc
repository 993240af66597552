// SPDX-License-Identifier: Apache-2.0
#include "agent/grant_wire.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "common/hex.h"
#include "common/profile_limits.h"
#include "common/uuid.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::agent {
namespace {

constexpr std::array<std::string_view, 2> kProfiles{kSealedProfile,
                                                    kImportedProfile};
constexpr std::array<std::string_view, 3> kFileSystems{"erofs", "squashfs",
                                                       "ext4"};
// Of profiles that are read-only.
constexpr std::array<std::string_view, 4> kMountOptions{"ro", "noatime",
                                                        "relatime", "noload"};
constexpr std::size_t kMaxPassphrase = 512;  // bytes

// A parsed grant whose passphrase never outlives it.
class GrantMessage {
 public:
  GrantMessage() = default;
  GrantMessage(const GrantMessage&) = delete;
  GrantMessage& operator=(const GrantMessage&) = delete;
  ~GrantMessage() { WipeString(*message_.mutable_passphrase()); }

  bool Parse(const Secret& plaintext) {
    const auto bytes = plaintext.Reveal();
    return message_.ParseFromArray(bytes.data(),
                                   static_cast<int>(bytes.size()));
  }
  const tdxvfs::v1::VolumeGrant& get() const { return message_; }
  Result<Secret> TakePassphrase() {
    return Secret::TakeFrom(*message_.mutable_passphrase());
  }

 private:
  tdxvfs::v1::VolumeGrant message_;
};

Error Mismatch(std::string_view what) {
  return {Reason::kGrantMismatch,
          "the grant is for another " + std::string(what)};
}

Error Invalid(std::string_view what) {
  return {Reason::kGrantInvalid, "the grant " + std::string(what)};
}

template <std::size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& allowed,
             std::string_view text) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

Result<void> CompareWithRequest(const tdxvfs::v1::VolumeGrant& grant,
                                const GrantExpectation& expected) {
  if (grant.volume() != expected.volume) {
    return Mismatch("volume");
  }
  if (grant.purpose() != tdxvfs::v1::OPEN) {
    return Mismatch("purpose");
  }
  if (grant.header_sha256() != AsText(expected.header_sha256) ||
      grant.header_size() != expected.header_size) {
    return Mismatch("header");
  }
  return {};
}

Result<void> CheckContent(const tdxvfs::v1::VolumeGrant& grant) {
  if (!IsOneOf(kProfiles, grant.header_profile())) {
    return Error(Reason::kNotSupported,
                 "this agent does not open volumes of profile '" +
                     grant.header_profile().substr(0, 32) + "'");
  }
  if (grant.has_integrity()) {
    return Invalid("carries dm-integrity sizes, which its profile has not");
  }
  if (grant.passphrase().empty() ||
      grant.passphrase().size() > kMaxPassphrase) {
    return Invalid("carries no usable passphrase");
  }
  if (grant.version() == 0 || !IsUuid(grant.uuid())) {
    return Invalid("carries no usable version or UUID");
  }
  if (!IsOneOf(kFileSystems, grant.file_system())) {
    return Invalid("names an unknown file system");
  }
  for (const std::string& option : grant.mount_options()) {
    if (!IsOneOf(kMountOptions, option)) {
      return Invalid("carries a mount option that is not allowed");
    }
  }
  return {};
}

Result<std::optional<luks::VerityParameters>> ReadVerity(
    const tdxvfs::v1::VolumeGrant& grant) {
  if (!grant.has_verity()) {
    return std::optional<luks::VerityParameters>();
  }
  const tdxvfs::v1::Verity& received = grant.verity();
  luks::VerityParameters verity;
  if (received.root_hash().size() != verity.root_hash.size()) {
    return Invalid("carries a root hash that has not 32 bytes");
  }
  verity.hash = received.hash();
  verity.data_block_size = received.data_block_size();
  verity.hash_block_size = received.hash_block_size();
  verity.data_blocks = received.data_blocks();
  verity.hash_start_block = received.hash_start_block();
  const auto salt = AsBytes(received.salt());
  verity.salt.assign(salt.begin(), salt.end());
  const auto root_hash = AsBytes(received.root_hash());
  std::copy(root_hash.begin(), root_hash.end(), verity.root_hash.begin());
  RETURN_IF_ERROR(luks::CheckVerityParameters(verity));
  return std::optional(std::move(verity));
}

}  // namespace

Result<Grant> ParseGrant(const Secret& plaintext,
                         const GrantExpectation& expected) {
  GrantMessage message;
  if (!message.Parse(plaintext)) {
    return Invalid("is not readable");
  }
  const tdxvfs::v1::VolumeGrant& received = message.get();
  RETURN_IF_ERROR(CompareWithRequest(received, expected));
  RETURN_IF_ERROR(CheckContent(received));
  Grant grant;
  grant.version = received.version();
  grant.open.uuid = received.uuid();
  grant.open.header_size = received.header_size();
  grant.open.header_sha256 = expected.header_sha256;
  grant.open.header_profile = received.header_profile();
  grant.open.file_system = received.file_system();
  grant.open.mount_options.assign(received.mount_options().begin(),
                                  received.mount_options().end());
  ASSIGN_OR_RETURN(grant.open.verity, ReadVerity(received));
  ASSIGN_OR_RETURN(grant.open.passphrase, message.TakePassphrase());
  return grant;
}

}  // namespace tdxvfs::agent

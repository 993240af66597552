// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_PASSED_ON_KEY_STORE_H_
#define TDXVFS_TESTS_FAKES_PASSED_ON_KEY_STORE_H_

#include <optional>
#include <string_view>
#include <vector>

#include "keyserver/keys/key_store.h"

namespace tdxvfs::testing {

// Passes every call on to a real store, so that a test can do something between
// two calls, or fail one, by overriding it.
class PassedOnKeyStore : public keyserver::KeyStore {
 public:
  // `store` outlives this.
  explicit PassedOnKeyStore(keyserver::KeyStore* store) : store_(store) {}

  Result<std::optional<keyserver::VolumeRecord>> FindVolume(
      std::string_view volume) override {
    return store_->FindVolume(volume);
  }
  Result<std::vector<keyserver::Listed<keyserver::VolumeRecord>>> ListVolumes(
      std::string_view after, std::size_t limit) override {
    return store_->ListVolumes(after, limit);
  }
  Result<std::uint32_t> AddVersion(
      std::string_view volume, const keyserver::VersionDescription& description,
      const Secret& passphrase, TimePoint now) override {
    return store_->AddVersion(volume, description, passphrase, now);
  }
  Result<std::vector<keyserver::Listed<keyserver::VersionRecord>>> ListVersions(
      std::string_view volume) override {
    return store_->ListVersions(volume);
  }
  Result<std::optional<keyserver::VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) override {
    return store_->FindVersion(volume, header_sha256);
  }
  Result<Secret> Passphrase(const keyserver::VersionRecord& version) override {
    return store_->Passphrase(version);
  }
  Result<void> RetireVersion(std::string_view volume,
                             std::uint32_t version) override {
    return store_->RetireVersion(volume, version);
  }
  Result<void> SetDisabled(std::string_view volume, bool disabled) override {
    return store_->SetDisabled(volume, disabled);
  }
  Result<void> SetLimits(std::string_view volume, std::uint32_t version,
                         const keyserver::VersionLimits& limits) override {
    return store_->SetLimits(volume, version, limits);
  }
  Result<void> SetDeletion(
      std::string_view volume, std::uint32_t version,
      std::optional<std::chrono::sys_seconds> delete_after) override {
    return store_->SetDeletion(volume, version, delete_after);
  }
  Result<std::vector<keyserver::Listed<keyserver::VersionRecord>>> ListDue(
      TimePoint now) override {
    return store_->ListDue(now);
  }
  Result<bool> Destroy(std::string_view volume, std::uint32_t version,
                       TimePoint now) override {
    return store_->Destroy(volume, version, now);
  }
  Result<void> TakeRelease(std::string_view volume, std::uint32_t version,
                           TimePoint now) override {
    return store_->TakeRelease(volume, version, now);
  }
  Result<void> GiveBack(std::string_view volume,
                        std::uint32_t version) override {
    return store_->GiveBack(volume, version);
  }
  Result<std::uint32_t> PutPolicy(std::string_view volume,
                                  std::string_view json,
                                  std::string_view author,
                                  TimePoint now) override {
    return store_->PutPolicy(volume, json, author, now);
  }
  Result<keyserver::PolicyRecord> FindPolicy(std::string_view volume,
                                             std::uint32_t number) override {
    return store_->FindPolicy(volume, number);
  }
  Result<std::vector<keyserver::Listed<keyserver::PolicyRecord>>> ListPolicies(
      std::string_view volume, std::size_t limit) override {
    return store_->ListPolicies(volume, limit);
  }
  Result<void> NoteGuests(
      std::string_view volume,
      const std::vector<keyserver::GuestSeen>& guests) override {
    return store_->NoteGuests(volume, guests);
  }
  Result<std::vector<keyserver::GuestSeen>> ListGuests(
      std::string_view volume, std::size_t limit) override {
    return store_->ListGuests(volume, limit);
  }
  Result<void> CheckHealth() override { return store_->CheckHealth(); }

 private:
  keyserver::KeyStore* const store_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_PASSED_ON_KEY_STORE_H_

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/admin_service.h"

#include <mutex>
#include <utility>
#include <vector>

#include "attest/policy/measurement_policy.h"
#include "common/hex.h"
#include "common/volume_name.h"
#include "keyserver/admin/admin_change.h"
#include "keyserver/admin/admin_wire.h"

namespace tdxvfs::keyserver {
namespace {

using admin::v1::Empty;

constexpr std::size_t kMaxPassphraseSize = 512;
constexpr std::size_t kPassphraseEntropy = 32;  // bytes
constexpr std::size_t kVolumesOfAPage = 500;
constexpr std::size_t kPageBytes = 1024UL * 1024;

// Answers with a secret and wipes it once gRPC has serialised it. The mutex
// orders the two; gRPC does it as well, but out of a race detector's sight.
// What is begun in a constructor runs only after it, without the mutex, so that
// is the metadata; Finish, which serialises, comes when they are sent.
class WipingReactor final : public grpc::ServerUnaryReactor {
 public:
  WipingReactor(std::string* field, const Result<void>& result)
      : field_(field), status_(StatusOf(result)) {
    const std::lock_guard lock(mutex_);
    StartSendInitialMetadata();
  }
  void OnSendInitialMetadataDone(bool /*ok*/) override {
    const std::lock_guard lock(mutex_);
    Finish(status_);
  }
  void OnDone() override {
    {
      const std::lock_guard lock(mutex_);
      WipeString(*field_);
    }
    delete this;
  }

 private:
  std::mutex mutex_;
  std::string* const field_;
  const grpc::Status status_;
};

Error UnknownVolume(const std::string& volume) {
  return {Reason::kVolumeUnknown,
          "the key store knows no volume '" + volume + "'"};
}

// 256 random bits as 64 lower-case digits.
Result<void> WritePassphrase(admin::v1::MakePassphraseResponse* response) {
  ASSIGN_OR_RETURN(const Secret random, Secret::Random(kPassphraseEntropy));
  std::string digits = ToHex(random.Reveal());
  response->mutable_passphrase()->swap(digits);
  return {};
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::MakePassphrase(
    grpc::CallbackServerContext* context, const Empty* /*request*/,
    admin::v1::MakePassphraseResponse* response) {
  // gRPC calls OnDone, where it deletes itself.
  const auto made = Run(
      *context, "MakePassphrase", "",
      [response](const Administrator&) { return WritePassphrase(response); });
  return new WipingReactor(response->mutable_passphrase(), made);
}

grpc::ServerUnaryReactor* AdminService::PutVersion(
    grpc::CallbackServerContext* context,
    const admin::v1::PutVersionRequest* request,
    admin::v1::PutVersionResponse* response) {
  // gRPC gives the request as const, but nobody reads it after us.
  auto* const field =
      const_cast<admin::v1::PutVersionRequest*>(request)->mutable_passphrase();
  const bool fits = !field->empty() && field->size() <= kMaxPassphraseSize;
  const Result<Secret> passphrase =
      fits ? Secret::TakeFrom(*field)
           : Error(Reason::kUsage, "a passphrase has 1 to 512 bytes");
  WipeString(*field);
  return Serve(context, "PutVersion", request->volume(),
               [&](const Administrator&) -> Result<void> {
                 if (!passphrase.has_value()) {
                   return passphrase.error();
                 }
                 return RegisterVersion(*request, *passphrase, response);
               });
}

Result<void> AdminService::RegisterVersion(
    const admin::v1::PutVersionRequest& request, const Secret& passphrase,
    admin::v1::PutVersionResponse* response) {
  RETURN_IF_ERROR(CheckVolumeName(request.volume()));
  ASSIGN_OR_RETURN(const VersionDescription description,
                   ReadDescription(request.description()));
  ASSIGN_OR_RETURN(const std::uint32_t version,
                   store_->AddVersion(request.volume(), description, passphrase,
                                      clock_->Now()));
  response->set_version(version);
  LogChange(request.volume(),
            "version " + std::to_string(version) + " registered");
  return {};
}

grpc::ServerUnaryReactor* AdminService::ListVersions(
    grpc::CallbackServerContext* context,
    const admin::v1::ListVersionsRequest* request,
    admin::v1::ListVersionsResponse* response) {
  return Serve(context, "ListVersions", request->volume(),
               [&](const Administrator& caller) {
                 return WriteVersions(caller, *request, response);
               });
}

Result<void> AdminService::WriteVersionsOf(
    const VolumeRecord& volume, admin::v1::ListVersionsResponse* response) {
  ASSIGN_OR_RETURN(const std::vector<Listed<VersionRecord>> versions,
                   store_->ListVersions(volume.name));
  for (const Listed<VersionRecord>& version : versions) {
    if (version.record.has_value()) {
      WriteVersion(*version.record, volume, response->add_versions());
    } else {
      WriteDamaged(version, response->add_versions());
    }
  }
  return {};
}

// Those of a caller who administers some are as many as one certificate names.
Result<std::vector<Listed<VolumeRecord>>> AdminService::VolumesOf(
    const Administrator& caller, std::string_view after) {
  if (caller.ReadsAll()) {
    return store_->ListVolumes(after, kVolumesOfAPage);
  }
  std::vector<Listed<VolumeRecord>> volumes;
  for (auto name = caller.volumes.upper_bound(after);
       name != caller.volumes.end() && volumes.size() < kVolumesOfAPage;
       ++name) {
    auto found = store_->FindVolume(*name);
    if (!found.has_value()) {
      RETURN_IF_ERROR(AddListed<VolumeRecord>(
          *name, 0, std::move(found).error(), &volumes));
    } else if (found->has_value()) {
      volumes.push_back({*name, 0, **std::move(found)});
    }
  }
  return volumes;
}

// All volumes are answered page by page, each with whole volumes.
Result<void> AdminService::WriteVersions(
    const Administrator& caller, const admin::v1::ListVersionsRequest& request,
    admin::v1::ListVersionsResponse* response) {
  if (!request.volume().empty()) {
    ASSIGN_OR_RETURN(const std::optional<VolumeRecord> record,
                     store_->FindVolume(request.volume()));
    return record.has_value() ? WriteVersionsOf(*record, response)
                              : UnknownVolume(request.volume());
  }
  ASSIGN_OR_RETURN(const std::vector<Listed<VolumeRecord>> volumes,
                   VolumesOf(caller, request.after()));
  for (const Listed<VolumeRecord>& volume : volumes) {
    if (volume.record.has_value()) {
      RETURN_IF_ERROR(WriteVersionsOf(*volume.record, response));
    } else {
      WriteDamaged(volume, response->add_versions());
    }
    const bool is_last = &volume == &volumes.back();
    if ((is_last && volumes.size() == kVolumesOfAPage) ||
        (!is_last && response->ByteSizeLong() > kPageBytes)) {
      response->set_more_after(volume.volume);
      return {};
    }
  }
  return {};
}

grpc::ServerUnaryReactor* AdminService::RetireVersion(
    grpc::CallbackServerContext* context,
    const admin::v1::RetireVersionRequest* request, Empty* /*response*/) {
  return Serve(
      context, "RetireVersion", request->volume(),
      [&](const Administrator&) -> Result<void> {
        RETURN_IF_ERROR(
            store_->RetireVersion(request->volume(), request->version()));
        LogChange(request->volume(),
                  "version " + std::to_string(request->version()) + " retired");
        return {};
      });
}

grpc::ServerUnaryReactor* AdminService::SetDisabled(
    grpc::CallbackServerContext* context,
    const admin::v1::SetDisabledRequest* request, Empty* /*response*/) {
  return Serve(context, "SetDisabled", request->volume(),
               [&](const Administrator&) -> Result<void> {
                 RETURN_IF_ERROR(store_->SetDisabled(request->volume(),
                                                     request->disabled()));
                 LogChange(request->volume(),
                           request->disabled() ? "disabled" : "enabled");
                 return {};
               });
}

grpc::ServerUnaryReactor* AdminService::PutPolicy(
    grpc::CallbackServerContext* context,
    const admin::v1::PutPolicyRequest* request, Empty* /*response*/) {
  return Serve(
      context, "PutPolicy", request->volume(),
      [&](const Administrator& caller) { return SetPolicy(caller, *request); });
}

Result<void> AdminService::SetPolicy(
    const Administrator& caller, const admin::v1::PutPolicyRequest& request) {
  RETURN_IF_ERROR(CheckVolumeName(request.volume()));
  ASSIGN_OR_RETURN(const std::string author,
                   AuthorOf(caller, request.author()));
  RETURN_IF_ERROR(policy::MeasurementPolicy::Parse(request.json()));
  ASSIGN_OR_RETURN(const std::uint32_t number,
                   StorePolicy(request.volume(), request.json(), author));
  LogChange(request.volume(), "policy " + std::to_string(number) + " set");
  return {};
}

Result<std::uint32_t> AdminService::StorePolicy(const std::string& volume,
                                                std::string_view json,
                                                std::string_view author) {
  const std::lock_guard turn(*policy_turn_);
  return store_->PutPolicy(volume, json, author, clock_->Now());
}

grpc::ServerUnaryReactor* AdminService::GetPolicy(
    grpc::CallbackServerContext* context,
    const admin::v1::GetPolicyRequest* request,
    admin::v1::GetPolicyResponse* response) {
  return Serve(
      context, "GetPolicy", request->volume(),
      [&](const Administrator&) { return ReadPolicy(*request, response); });
}

Result<void> AdminService::ReadPolicy(
    const admin::v1::GetPolicyRequest& request,
    admin::v1::GetPolicyResponse* response) {
  const std::string& volume = request.volume();
  if (request.number() != 0) {
    ASSIGN_OR_RETURN(PolicyRecord policy,
                     store_->FindPolicy(volume, request.number()));
    response->set_json(std::move(policy.json));
    return {};
  }
  ASSIGN_OR_RETURN(const std::optional<VolumeRecord> record,
                   store_->FindVolume(volume));
  if (!record.has_value()) {
    return UnknownVolume(volume);
  }
  if (!record->policy_json.has_value()) {
    return Error(Reason::kPolicyMissing,
                 "volume '" + volume + "' has no policy");
  }
  response->set_json(*record->policy_json);
  return {};
}

}  // namespace tdxvfs::keyserver

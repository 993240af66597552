// SPDX-License-Identifier: Apache-2.0
// What an AdminService does with the store as a whole.
#include <errno.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "common/log.h"
#include "common/unique_fd.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/admin/admin_wire.h"

namespace tdxvfs::keyserver {
namespace {

using admin::v1::BackupChunk;
using admin::v1::Empty;

constexpr std::size_t kChunkSize = 64UL * 1024;

Error NoUpkeep() {
  return {Reason::kNotSupported, "this store is not kept in a file"};
}

// Sends a file piece by piece. gRPC calls OnDone, where it deletes itself.
class FileSender final : public grpc::ServerWriteReactor<BackupChunk> {
 public:
  explicit FileSender(Result<UniqueFd> file) {
    if (!file.has_value()) {
      Finish(StatusOf(file.error()));
      return;
    }
    file_ = std::move(*file);
    SendNext();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::CANCELLED);
      return;
    }
    SendNext();
  }
  void OnDone() override { delete this; }

 private:
  void SendNext() {
    std::string* const data = chunk_.mutable_data();
    data->resize(kChunkSize);
    const ssize_t size = read(file_.get(), data->data(), data->size());
    if (size < 0) {
      Finish(StatusOf(SystemError(Reason::kInternal, "read the copy", errno)));
      return;
    }
    if (size == 0) {
      Finish(grpc::Status::OK);
      return;
    }
    data->resize(static_cast<std::size_t>(size));
    StartWrite(&chunk_);
  }

  UniqueFd file_;
  BackupChunk chunk_;
};

Result<MasterKey> TakeKey(std::string* field) {
  if (field->size() != MasterKey::kSize) {
    return Error(Reason::kUsage, "a master key has 32 bytes");
  }
  ASSIGN_OR_RETURN(Secret secret, Secret::TakeFrom(*field));
  return MasterKey::FromSecret(std::move(secret));
}

void LogUpkeep(const std::string& what) {
  Log(LogLevel::kInfo, Event::kAdminChange, what, {});
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::RotateMasterKey(
    grpc::CallbackServerContext* context,
    const admin::v1::RotateMasterKeyRequest* request, Empty* /*response*/) {
  // gRPC gives the request as const, but nobody reads it after us.
  auto* const keys = const_cast<admin::v1::RotateMasterKeyRequest*>(request);
  const auto rotated = Run(*context, "RotateMasterKey", "",
                           [&](const Administrator&) { return Rotate(keys); });
  WipeString(*keys->mutable_master_key());
  WipeString(*keys->mutable_earlier_master_key());
  return Answer(context, rotated);
}

Result<void> AdminService::Rotate(admin::v1::RotateMasterKeyRequest* keys) {
  ASSIGN_OR_RETURN(const MasterKey earlier,
                   TakeKey(keys->mutable_earlier_master_key()));
  ASSIGN_OR_RETURN(MasterKey next, TakeKey(keys->mutable_master_key()));
  if (upkeep_ == nullptr) {
    return NoUpkeep();
  }
  RETURN_IF_ERROR(upkeep_->RotateMasterKey(earlier, std::move(next)));
  LogUpkeep("the store is sealed under a new master key");
  return {};
}

grpc::ServerUnaryReactor* AdminService::FinishRotation(
    grpc::CallbackServerContext* context, const Empty* /*request*/,
    Empty* /*response*/) {
  return Serve(
      context, "FinishRotation", "", [&](const Administrator&) -> Result<void> {
        if (upkeep_ == nullptr) {
          return NoUpkeep();
        }
        RETURN_IF_ERROR(upkeep_->FinishRotation());
        LogUpkeep("the earlier master key does not open the store any more");
        return {};
      });
}

grpc::ServerWriteReactor<BackupChunk>* AdminService::Backup(
    grpc::CallbackServerContext* context, const Empty* /*request*/) {
  UniqueFd file;
  const auto made =
      Run(*context, "Backup", "", [&](const Administrator&) -> Result<void> {
        if (upkeep_ == nullptr) {
          return NoUpkeep();
        }
        ASSIGN_OR_RETURN(file, upkeep_->Copy());
        return {};
      });
  return new FileSender(made.has_value() ? Result<UniqueFd>(std::move(file))
                                         : made.error());
}

}  // namespace tdxvfs::keyserver

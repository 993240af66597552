// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <grpcpp/server_context.h>

#include "common/clock.h"
#include "keyserver/admin/admin_access.h"
#include "keyserver/audit/audit_log.h"
#include "keyserver/evidence_replay.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/key_store.h"
#include "keyserver/keys/store_upkeep.h"
#include "keyserver/open_calls.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"

namespace tdxvfs::keyserver {

// Administration of keys, policies and audit. Every call is logged with its
// author. Passphrases leave the messages as soon as they are read. The parts
// outlive it.
class AdminService final : public admin::v1::Administration::CallbackService {
 public:
  struct Parts {
    KeyStore* store = nullptr;
    AuditLog* audit = nullptr;
    const Clock* clock = nullptr;
    const EvidenceReplay* replay = nullptr;
    GuestBook* guests = nullptr;    // may be null
    StoreUpkeep* upkeep = nullptr;  // null: the store cannot be kept so
    // Asked who calls, on a TLS port; null on the local socket, where the
    // accept loop lets nobody in but administrators.
    const AdminAccess* access = nullptr;
    // Policies are put one after the other, so that the times of a history are
    // in its order. Copies share it.
    std::shared_ptr<std::mutex> policy_turn = std::make_shared<std::mutex>();
  };
  explicit AdminService(const Parts& parts)
      : store_(parts.store),
        audit_(parts.audit),
        clock_(parts.clock),
        replay_(parts.replay),
        guests_(parts.guests),
        upkeep_(parts.upkeep),
        access_(parts.access),
        policy_turn_(parts.policy_turn) {}

  grpc::ServerUnaryReactor* MakePassphrase(
      grpc::CallbackServerContext* context, const admin::v1::Empty* request,
      admin::v1::MakePassphraseResponse* response) override;
  grpc::ServerUnaryReactor* PutVersion(
      grpc::CallbackServerContext* context,
      const admin::v1::PutVersionRequest* request,
      admin::v1::PutVersionResponse* response) override;
  grpc::ServerUnaryReactor* ListVersions(
      grpc::CallbackServerContext* context,
      const admin::v1::ListVersionsRequest* request,
      admin::v1::ListVersionsResponse* response) override;
  grpc::ServerUnaryReactor* RetireVersion(
      grpc::CallbackServerContext* context,
      const admin::v1::RetireVersionRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* SetDisabled(
      grpc::CallbackServerContext* context,
      const admin::v1::SetDisabledRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* PutPolicy(
      grpc::CallbackServerContext* context,
      const admin::v1::PutPolicyRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* GetPolicy(
      grpc::CallbackServerContext* context,
      const admin::v1::GetPolicyRequest* request,
      admin::v1::GetPolicyResponse* response) override;
  grpc::ServerUnaryReactor* ListAudit(
      grpc::CallbackServerContext* context,
      const admin::v1::ListAuditRequest* request,
      admin::v1::ListAuditResponse* response) override;
  grpc::ServerUnaryReactor* GetAudit(
      grpc::CallbackServerContext* context,
      const admin::v1::GetAuditRequest* request,
      admin::v1::GetAuditResponse* response) override;
  grpc::ServerUnaryReactor* ExportAudit(
      grpc::CallbackServerContext* context,
      const admin::v1::ExportAuditRequest* request,
      admin::v1::ExportAuditResponse* response) override;
  grpc::ServerUnaryReactor* TestPolicy(
      grpc::CallbackServerContext* context,
      const admin::v1::TestPolicyRequest* request,
      admin::v1::TestPolicyResponse* response) override;

  // Store (admin_store_calls_service.cc)
  grpc::ServerUnaryReactor* SetLimits(
      grpc::CallbackServerContext* context,
      const admin::v1::SetLimitsRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* DeleteVersion(
      grpc::CallbackServerContext* context,
      const admin::v1::DeleteVersionRequest* request,
      admin::v1::DeleteVersionResponse* response) override;
  grpc::ServerUnaryReactor* UndeleteVersion(
      grpc::CallbackServerContext* context,
      const admin::v1::UndeleteVersionRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* ListGuests(
      grpc::CallbackServerContext* context,
      const admin::v1::ListGuestsRequest* request,
      admin::v1::ListGuestsResponse* response) override;
  grpc::ServerUnaryReactor* ListPolicies(
      grpc::CallbackServerContext* context,
      const admin::v1::ListPoliciesRequest* request,
      admin::v1::ListPoliciesResponse* response) override;
  grpc::ServerUnaryReactor* RollbackPolicy(
      grpc::CallbackServerContext* context,
      const admin::v1::RollbackPolicyRequest* request,
      admin::v1::RollbackPolicyResponse* response) override;
  // The store as a whole (admin_upkeep_service.cc)
  grpc::ServerUnaryReactor* RotateMasterKey(
      grpc::CallbackServerContext* context,
      const admin::v1::RotateMasterKeyRequest* request,
      admin::v1::Empty* response) override;
  grpc::ServerUnaryReactor* FinishRotation(grpc::CallbackServerContext* context,
                                           const admin::v1::Empty* request,
                                           admin::v1::Empty* response) override;
  grpc::ServerWriteReactor<admin::v1::BackupChunk>* Backup(
      grpc::CallbackServerContext* context,
      const admin::v1::Empty* request) override;

 private:
  // Runs `call` if its author may call the method about the volume ("": about
  // all of them), and logs who did what and how it ended.
  using Call = std::function<Result<void>(const Administrator& caller)>;
  Result<void> Run(const grpc::CallbackServerContext& context,
                   std::string_view method, const std::string& volume,
                   const Call& call);
  // The same, and ends the call with the result.
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context,
                                  std::string_view method,
                                  const std::string& volume, const Call& call);
  Result<Administrator> CallerOf(
      const grpc::CallbackServerContext& context) const;
  Result<void> RegisterVersion(const admin::v1::PutVersionRequest& request,
                               const Secret& passphrase,
                               admin::v1::PutVersionResponse* response);
  Result<void> WriteVersions(const Administrator& caller,
                             const admin::v1::ListVersionsRequest& request,
                             admin::v1::ListVersionsResponse* response);
  // At most a page of the volumes that the caller may list, from the first
  // after `after`.
  Result<std::vector<Listed<VolumeRecord>>> VolumesOf(
      const Administrator& caller, std::string_view after);
  Result<void> WriteVersionsOf(const VolumeRecord& volume,
                               admin::v1::ListVersionsResponse* response);
  Result<void> SetPolicy(const Administrator& caller,
                         const admin::v1::PutPolicyRequest& request);
  // Returns the new policy's number.
  Result<std::uint32_t> StorePolicy(const std::string& volume,
                                    std::string_view json,
                                    std::string_view author);
  Result<void> ReadPolicy(const admin::v1::GetPolicyRequest& request,
                          admin::v1::GetPolicyResponse* response);
  Result<void> Delete(const admin::v1::DeleteVersionRequest& request,
                      admin::v1::DeleteVersionResponse* response);
  Result<void> WriteGuests(const std::string& volume,
                           admin::v1::ListGuestsResponse* response);
  Result<void> WritePolicies(const std::string& volume,
                             admin::v1::ListPoliciesResponse* response);
  Result<void> Rollback(const Administrator& caller,
                        const admin::v1::RollbackPolicyRequest& request,
                        admin::v1::RollbackPolicyResponse* response);
  Result<void> Rotate(admin::v1::RotateMasterKeyRequest* keys);
  Result<void> WriteRecords(const admin::v1::ListAuditRequest& request,
                            admin::v1::ListAuditResponse* response);
  Result<void> WriteRecord(const Administrator& caller,
                           const std::string& audit_id,
                           admin::v1::GetAuditResponse* response);
  Result<void> WritePage(const admin::v1::ExportAuditRequest& request,
                         admin::v1::ExportAuditResponse* response);
  Result<void> WriteReplay(const admin::v1::TestPolicyRequest& request,
                           admin::v1::TestPolicyResponse* response);

  KeyStore* const store_;
  AuditLog* const audit_;
  const Clock* const clock_;
  const EvidenceReplay* const replay_;
  GuestBook* const guests_;
  StoreUpkeep* const upkeep_;
  const AdminAccess* const access_;
  const std::shared_ptr<std::mutex> policy_turn_;
  OpenCalls open_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_

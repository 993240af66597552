// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_

#include <string>

#include <grpcpp/server_context.h>

#include "common/clock.h"
#include "keyserver/audit/audit_log.h"
#include "keyserver/evidence_replay.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/key_store.h"
#include "keyserver/keys/store_upkeep.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"

namespace tdxvfs::keyserver {

// Administration of keys, policies and audit for whoever the accept loop let
// in. Every change is logged. Passphrases leave the messages as soon as they
// are read. The parts outlive it.
class AdminService final : public admin::v1::Administration::CallbackService {
 public:
  // `guests` may be null, `upkeep` too when the store cannot be kept so.
  AdminService(KeyStore* store, AuditLog* audit, const Clock* clock,
               const EvidenceReplay* replay, GuestBook* guests,
               StoreUpkeep* upkeep)
      : store_(store),
        audit_(audit),
        clock_(clock),
        replay_(replay),
        guests_(guests),
        upkeep_(upkeep) {}

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
  Result<void> RegisterVersion(const admin::v1::PutVersionRequest& request,
                               const Secret& passphrase,
                               admin::v1::PutVersionResponse* response);
  Result<void> WriteVersions(const admin::v1::ListVersionsRequest& request,
                             admin::v1::ListVersionsResponse* response);
  Result<void> WriteVersionsOf(const VolumeRecord& volume,
                               admin::v1::ListVersionsResponse* response);
  Result<void> SetPolicy(const admin::v1::PutPolicyRequest& request);
  Result<void> ReadPolicy(const admin::v1::GetPolicyRequest& request,
                          admin::v1::GetPolicyResponse* response);
  Result<void> Delete(const admin::v1::DeleteVersionRequest& request,
                      admin::v1::DeleteVersionResponse* response);
  Result<void> WriteGuests(const std::string& volume,
                           admin::v1::ListGuestsResponse* response);
  Result<void> WritePolicies(const std::string& volume,
                             admin::v1::ListPoliciesResponse* response);
  Result<void> Rollback(const admin::v1::RollbackPolicyRequest& request,
                        admin::v1::RollbackPolicyResponse* response);
  Result<void> Rotate(admin::v1::RotateMasterKeyRequest* keys);
  Result<void> WriteRecords(const admin::v1::ListAuditRequest& request,
                            admin::v1::ListAuditResponse* response);
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
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_SERVICE_H_

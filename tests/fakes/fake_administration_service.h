// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_FAKE_ADMINISTRATION_SERVICE_H_
#define TDXVFS_TESTS_FAKES_FAKE_ADMINISTRATION_SERVICE_H_

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "common/error.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"

namespace tdxvfs::testing {

// A key server's administration in memory, on a Unix socket in a temporary
// folder, for tests of clients. Refuses as the real one does: a status whose
// details carry the reason.
class FakeAdministrationService
    : public tdxvfs::admin::v1::Administration::Service {
 public:
  FakeAdministrationService();
  ~FakeAdministrationService() override;

  const std::filesystem::path& socket() const { return socket_; }
  // Every later call is refused with this.
  void RefuseWith(Reason reason, const std::string& audit_id = "");
  // Every later call ends with this bare status, without a reason.
  void FailWith(grpc::Status status) { failure_ = std::move(status); }

  // What the tests put in and look at.
  std::string next_passphrase = std::string(64, 'a');
  std::vector<tdxvfs::admin::v1::PutVersionRequest> put;
  std::vector<tdxvfs::admin::v1::VersionInfo> versions;
  std::map<std::string, std::string> policies;
  std::map<std::string, bool> disabled;
  std::vector<std::string> records;
  tdxvfs::admin::v1::ListAuditRequest last_audit_query;

 private:
  using Context = grpc::ServerContext;
  grpc::Status MakePassphrase(
      Context*, const tdxvfs::admin::v1::Empty*,
      tdxvfs::admin::v1::MakePassphraseResponse* response) override;
  grpc::Status PutVersion(
      Context*, const tdxvfs::admin::v1::PutVersionRequest* request,
      tdxvfs::admin::v1::PutVersionResponse* response) override;
  grpc::Status ListVersions(
      Context*, const tdxvfs::admin::v1::ListVersionsRequest* request,
      tdxvfs::admin::v1::ListVersionsResponse* response) override;
  grpc::Status RetireVersion(
      Context*, const tdxvfs::admin::v1::RetireVersionRequest* request,
      tdxvfs::admin::v1::Empty*) override;
  grpc::Status SetDisabled(Context*,
                           const tdxvfs::admin::v1::SetDisabledRequest* request,
                           tdxvfs::admin::v1::Empty*) override;
  grpc::Status PutPolicy(Context*,
                         const tdxvfs::admin::v1::PutPolicyRequest* request,
                         tdxvfs::admin::v1::Empty*) override;
  grpc::Status GetPolicy(
      Context*, const tdxvfs::admin::v1::GetPolicyRequest* request,
      tdxvfs::admin::v1::GetPolicyResponse* response) override;
  grpc::Status ListAudit(
      Context*, const tdxvfs::admin::v1::ListAuditRequest* request,
      tdxvfs::admin::v1::ListAuditResponse* response) override;
  grpc::Status GetAudit(Context*,
                        const tdxvfs::admin::v1::GetAuditRequest* request,
                        tdxvfs::admin::v1::GetAuditResponse* response) override;

  std::filesystem::path folder_;
  std::filesystem::path socket_;
  std::optional<grpc::Status> failure_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_FAKE_ADMINISTRATION_SERVICE_H_

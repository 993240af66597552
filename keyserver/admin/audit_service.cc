// SPDX-License-Identifier: Apache-2.0
// The calls of AdminService that read the audit log.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "attest/policy/measurement_policy.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/admin/admin_wire.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kDefaultAuditLimit = 100;
constexpr std::size_t kMaxAuditLimit = 1000;
// Answers stay below gRPC's 4 MiB, whatever the records hold.
constexpr std::size_t kMaxAuditBytes = 3UL * 1024 * 1024;

AuditFilter FilterOf(const admin::v1::ListAuditRequest& request) {
  return {request.volume(),
          request.reason(),
          request.limit() == 0
              ? kDefaultAuditLimit
              : std::min<std::size_t>(request.limit(), kMaxAuditLimit),
          request.peer(),
          request.since(),
          request.until()};
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::ListAudit(
    grpc::CallbackServerContext* context,
    const admin::v1::ListAuditRequest* request,
    admin::v1::ListAuditResponse* response) {
  return Serve(
      context, "ListAudit", request->volume(),
      [&](const Administrator&) { return WriteRecords(*request, response); });
}

Result<void> AdminService::WriteRecords(
    const admin::v1::ListAuditRequest& request,
    admin::v1::ListAuditResponse* response) {
  ASSIGN_OR_RETURN(const AuditListing listing, audit_->List(FilterOf(request)));
  const std::vector<std::string>& records = listing.records;
  response->set_damaged(listing.damaged);
  // The newest that fit, oldest first.
  std::size_t bytes = 0;
  auto first = records.end();
  while (first != records.begin() &&
         bytes + std::prev(first)->size() <= kMaxAuditBytes) {
    --first;
    bytes += first->size();
  }
  for (; first != records.end(); ++first) {
    response->add_records(*first);
  }
  return {};
}

grpc::ServerUnaryReactor* AdminService::GetAudit(
    grpc::CallbackServerContext* context,
    const admin::v1::GetAuditRequest* request,
    admin::v1::GetAuditResponse* response) {
  return Serve(context, "GetAudit", "", [&](const Administrator& caller) {
    return WriteRecord(caller, request->audit_id(), response);
  });
}

// Another volume's record is as unknown as one that never was.
Result<void> AdminService::WriteRecord(const Administrator& caller,
                                       const std::string& audit_id,
                                       admin::v1::GetAuditResponse* response) {
  ASSIGN_OR_RETURN(std::string record, audit_->Find(audit_id));
  const auto head = ReadHead(record);
  const bool theirs = caller.admin || caller.auditor ||
                      (head.has_value() && caller.Administers(head->volume));
  if (!theirs) {
    return Error(Reason::kAuditUnknown,
                 "no decision '" + audit_id + "' is on record");
  }
  response->set_record(std::move(record));
  return {};
}

grpc::ServerUnaryReactor* AdminService::ExportAudit(
    grpc::CallbackServerContext* context,
    const admin::v1::ExportAuditRequest* request,
    admin::v1::ExportAuditResponse* response) {
  return Serve(
      context, "ExportAudit", request->filter().volume(),
      [&](const Administrator&) { return WritePage(*request, response); });
}

Result<void> AdminService::WritePage(
    const admin::v1::ExportAuditRequest& request,
    admin::v1::ExportAuditResponse* response) {
  ASSIGN_OR_RETURN(AuditPage page,
                   audit_->Export(FilterOf(request.filter()), request.from()));
  for (std::string& line : page.lines) {
    response->add_lines(std::move(line));
  }
  response->set_next(page.next);
  response->set_damaged(page.damaged);
  return {};
}

grpc::ServerUnaryReactor* AdminService::TestPolicy(
    grpc::CallbackServerContext* context,
    const admin::v1::TestPolicyRequest* request,
    admin::v1::TestPolicyResponse* response) {
  return Serve(
      context, "TestPolicy", request->filter().volume(),
      [&](const Administrator&) { return WriteReplay(*request, response); });
}

Result<void> AdminService::WriteReplay(
    const admin::v1::TestPolicyRequest& request,
    admin::v1::TestPolicyResponse* response) {
  ASSIGN_OR_RETURN(const policy::MeasurementPolicy policy,
                   policy::MeasurementPolicy::Parse(request.json()));
  ASSIGN_OR_RETURN(const AuditListing listing,
                   audit_->List(FilterOf(request.filter())));
  response->set_damaged(listing.damaged);
  for (const std::string& record : listing.records) {
    const auto head = ReadHead(record);
    if (!head.has_value()) {
      continue;
    }
    admin::v1::ReplayedDecision* const decision = response->add_decisions();
    decision->set_audit_id(head->audit_id);
    decision->set_time(head->time);
    decision->set_volume(head->volume);
    decision->set_peer(ReadPeer(record));
    decision->set_reason_then(head->reason);
    const auto shown = audit_->EvidenceOf(record);
    if (!shown.has_value()) {
      decision->set_not_replayed(shown.error().message());
      continue;
    }
    ASSIGN_OR_RETURN(const ReplayVerdict verdict,
                     replay_->Judge(*shown, policy));
    decision->set_reason_now(verdict.reason);
    decision->set_differing(verdict.differing);
  }
  return {};
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/key_server.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "common/log.h"
#include "keyserver/audit/kept_head.h"
#include "keyserver/server_parts.h"

namespace tdxvfs::keyserver {
namespace {

std::optional<Error> FailureOf(const Result<void>& result) {
  return result.has_value() ? std::nullopt
                            : std::optional<Error>(result.error());
}

// A head that was signed goes into this server's log (docs/audit.md), and
// beside the key for the next start. The audit goes on where that disk is full.
Result<void> TellHead(const Result<std::optional<std::string>>& signed_head,
                      const std::string& key_file) {
  if (!signed_head.has_value()) {
    return signed_head.error();
  }
  if (!signed_head->has_value()) {
    return {};
  }
  Log(LogLevel::kInfo, Event::kAuditHead, **signed_head);
  if (const auto kept = KeepHead(key_file, **signed_head); !kept.has_value()) {
    Log(LogLevel::kWarning, Event::kAuditHeadNotKept,
        "the newest head is not kept: " + kept.error().ToString());
  }
  return {};
}

// The next start then finds what somebody else put behind it.
void EndLog(JsonLinesAuditLog* audit, const std::string& key_file) {
  const auto told = TellHead(audit->SignLast(), key_file);
  if (!told.has_value()) {
    Log(LogLevel::kError, Event::kAuditFailed, told.error().ToString());
  }
  const std::optional<std::string> head = audit->Seal();
  if (!head.has_value()) {
    return;
  }
  if (const auto kept = KeepLastHead(key_file, *head); !kept.has_value()) {
    Log(LogLevel::kWarning, Event::kAuditHeadNotKept,
        "the last head is not kept: " + kept.error().ToString());
  }
}

Result<void> LookAfter(JsonLinesAuditLog* audit, const std::string& key_file) {
  RETURN_IF_ERROR(audit->CheckHealth());
  return TellHead(audit->Maintain(), key_file);
}

// Returns what is short, and logs it once until it changes.
std::string TellShortage(const JsonLinesAuditLog& audit, bool* told) {
  const std::optional<std::string> shortage = audit.DiskShortage();
  if (shortage.has_value() && !*told) {
    Log(LogLevel::kWarning, Event::kAuditDiskShort, *shortage);
  }
  *told = shortage.has_value();
  return shortage.value_or("");
}

}  // namespace

KeyServer::KeyServer(std::unique_ptr<ServerParts> parts)
    : parts_(std::move(parts)) {}

KeyServer::~KeyServer() = default;

Result<std::unique_ptr<KeyServer>> KeyServer::Start(const Config& config,
                                                    PassedSockets passed,
                                                    const Clock* clock) {
  static const SystemClock system_clock;
  ASSIGN_OR_RETURN(verify::TrustAnchor anchor, LoadTrustAnchor(config));
  ASSIGN_OR_RETURN(ReloadableFiles files, LoadReloadableFiles(config));
  auto parts = std::make_unique<ServerParts>(config, std::move(anchor),
                                             files.identity.leaf,
                                             clock ? clock : &system_clock);
  RETURN_IF_ERROR(parts->OpenStores());
  RETURN_IF_ERROR(parts->OpenCollateral());
  RETURN_IF_ERROR(parts->MakeServices(std::move(files)));
  RETURN_IF_ERROR(parts->OpenAdminSocket(std::move(passed.admin_socket)));
  RETURN_IF_ERROR(parts->OpenAdminPort(std::move(passed.admin_port)));
  RETURN_IF_ERROR(parts->OpenGuestPort(std::move(passed.guests)));
  RETURN_IF_ERROR(parts->OpenWatch());
  return std::unique_ptr<KeyServer>(new KeyServer(std::move(parts)));
}

const std::string& KeyServer::address() const { return parts_->address; }

const std::string& KeyServer::admin_address() const {
  return parts_->admin_address;
}

const std::string& KeyServer::metrics_address() const {
  static const std::string none;
  return parts_->watch == nullptr ? none : parts_->watch->address();
}

bool KeyServer::anchor_is_intel() const { return parts_->anchor.is_intel(); }

Result<void> KeyServer::TendStore() {
  RETURN_IF_ERROR(parts_->guests.Flush(parts_->store.get()));
  return parts_->deletions->Run();
}

Result<void> KeyServer::CheckHealth() {
  const auto store = FailureOf(parts_->store->CheckHealth());
  const auto audit =
      FailureOf(LookAfter(parts_->audit.get(), parts_->config.audit.key_file));
  // Administrators can mend the rest.
  const bool can_administer = !store.has_value() && !audit.has_value();
  parts_->socket_channel->SetServing(can_administer);
  if (parts_->admin_channel != nullptr) {
    parts_->admin_channel->SetServing(can_administer);
  }
  auto health = parts_->readiness.Set(
      {{"store", store},
       {"audit", audit,
        TellShortage(*parts_->audit, &parts_->disk_shortage_told)},
       {"collateral",
        FailureOf(CheckCollateralState(parts_->collateral.State()))},
       {"certificate",
        FailureOf(CheckCertificateDate(parts_->certificate_expires,
                                       parts_->clock->Now()))}});
  parts_->guest_channel->SetServing(health.has_value());
  return health;
}

Result<void> KeyServer::Reload(const Config& fresh) {
  auto reloaded = [&]() -> Result<void> {
    ASSIGN_OR_RETURN(ReloadableFiles files, LoadReloadableFiles(fresh));
    return parts_->Reload(fresh, std::move(files));
  }();
  parts_->metrics.CountReload(reloaded.has_value());
  return reloaded;
}

void KeyServer::Stop() {
  parts_->readiness.Drain();
  parts_->guest_channel->SetServing(false);
  parts_->guest_channel->Close(parts_->config.stop_timeout);
  if (parts_->admin_channel != nullptr) {
    parts_->admin_channel->Close(std::chrono::milliseconds(0));
  }
  parts_->socket_channel->Close(std::chrono::milliseconds(0));
  // A stream that was cut off has ended for gRPC, and what became of its grant
  // may still be on its way to the log.
  parts_->release_service->AwaitStreams();
  EndLog(parts_->audit.get(), parts_->config.audit.key_file);
  // What could not be written is in the audit log.
  (void)parts_->guests.Flush(parts_->store.get());
  if (parts_->owns_admin_socket) {
    unlink(parts_->config.admin_socket.c_str());
  }
}

}  // namespace tdxvfs::keyserver

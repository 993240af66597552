// SPDX-License-Identifier: Apache-2.0
#include "keyserver/key_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "keyserver/channel.h"
#include "keyserver/collateral_parts.h"
#include "keyserver/due_deletions.h"
#include "keyserver/evidence_replay.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/listener.h"
#include "keyserver/release_service.h"
#include "keyserver/tls_identity.h"
#include "keyserver/volume_rate.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxAnchorSize = 16UL * 1024;
// Jobs mostly wait for the audit log's sync, which they share.
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kMaxAdministrators = 32;
// A quote of 16 KiB, an event log of 256 KiB and the small members.
constexpr int kMaxGuestMessage = (16 + 256 + 4) * 1024;
constexpr int kMaxAdminMessage = 256 * 1024;

// A head that was signed goes into this server's log (docs/audit.md).
Result<void> TellHead(const Result<std::optional<std::string>>& signed_head) {
  if (!signed_head.has_value()) {
    return signed_head.error();
  }
  if (signed_head->has_value()) {
    Log(LogLevel::kInfo, Event::kAuditHead, **signed_head);
  }
  return {};
}

Result<void> CheckDirectory(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return SystemError(Reason::kConfigMissing, "audit.directory '" + path + "'",
                       errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return Error(Reason::kConfigInvalid,
                 "audit.directory '" + path + "' is not a directory");
  }
  return {};
}

}  // namespace

Result<verify::TrustAnchor> LoadTrustAnchor(const Config& config) {
  if (config.trust_anchor == "intel") {
    return verify::TrustAnchor::Intel();
  }
  ASSIGN_OR_RETURN(const std::string pem,
                   ReadConfigFile(config.trust_anchor, kMaxAnchorSize));
  return verify::TrustAnchor::FromPem(pem).Context("trust anchor '" +
                                                   config.trust_anchor + "'");
}

Result<void> CheckConfig(const Config& config) {
  RETURN_IF_ERROR(LoadTrustAnchor(config));
  RETURN_IF_ERROR(TlsIdentity::Load(config.tls_certificate, config.tls_key));
  RETURN_IF_ERROR(MasterKey::Load(config.master_key));
  RETURN_IF_ERROR(CheckCollateral(config.collateral));
  return CheckDirectory(config.audit_directory);
}

// In the order in which they depend on each other: the channels go first, then
// the jobs run out, and the store is closed last.
struct KeyServer::Parts {
  Parts(const Config& settings, verify::TrustAnchor trust_anchor,
        const ServedCertificates& served)
      : config(settings),
        anchor(std::move(trust_anchor)),
        certificates(served),
        admission(settings.admission, &clock),
        volume_rate(settings.volume_rate, &clock) {}

  const Config config;
  SystemClock clock;
  verify::TrustAnchor anchor;
  ServedCertificates certificates;
  std::unique_ptr<SqliteKeyStore> store;
  std::unique_ptr<JsonLinesAuditLog> audit;
  Admission admission;
  VolumeRate volume_rate;
  GuestBook guests;
  std::unique_ptr<DueDeletions> deletions;
  CollateralParts collateral;
  std::unique_ptr<KeyRelease> release;
  std::unique_ptr<EvidenceReplay> replay;
  std::unique_ptr<WorkQueue> work;
  DeadlineQueue deadlines;
  std::unique_ptr<ReleaseService> release_service;
  std::unique_ptr<AdminService> admin_service;
  std::string address;
  std::unique_ptr<Channel> admin_channel;
  std::unique_ptr<Channel> guest_channel;

  Result<void> OpenStores();
  void MakeServices();
  Result<void> OpenGuestChannel(const TlsIdentity& identity);
  Result<void> OpenAdminChannel();
};

Result<void> KeyServer::Parts::OpenStores() {
  ASSIGN_OR_RETURN(MasterKey master_key, MasterKey::Load(config.master_key));
  ASSIGN_OR_RETURN(store,
                   SqliteKeyStore::Open(config.store, std::move(master_key),
                                        anchor.key_digest()));
  RETURN_IF_ERROR(CheckDirectory(config.audit_directory));
  ASSIGN_OR_RETURN(audit, JsonLinesAuditLog::Open(config.audit_directory,
                                                  config.audit, &clock));
  return {};
}

void KeyServer::Parts::MakeServices() {
  release = std::make_unique<KeyRelease>(ReleaseParts{
      .store = store.get(),
      .audit = audit.get(),
      .clock = &clock,
      .anchor = &anchor,
      .certificates = &certificates,
      .collateral = collateral.service.get(),
      .pck_chains = collateral.pck_chains.get(),
      .collateral_source = config.collateral.SourceText(),
      .volume_rate =
          config.volume_rate.per_minute == 0 ? nullptr : &volume_rate,
      .guests = &guests});
  deletions = std::make_unique<DueDeletions>(store.get(), &clock);
  work = std::make_unique<WorkQueue>(kWorkers);
  release_service = std::make_unique<ReleaseService>(ReleaseService::Parts{
      .release = release.get(),
      .admission = &admission,
      .work = work.get(),
      .deadlines = &deadlines,
      .clock = &clock,
      .timeouts = {config.begin_timeout, config.evidence_timeout,
                   config.outcome_timeout},
      .anchor_is_intel = anchor.is_intel(),
      .collateral_none = collateral.service == nullptr});
  replay = std::make_unique<EvidenceReplay>(&clock, &anchor,
                                            collateral.service.get());
  admin_service = std::make_unique<AdminService>(
      store.get(), audit.get(), &clock, replay.get(), &guests, store.get());
}

Result<void> KeyServer::Parts::OpenGuestChannel(const TlsIdentity& identity) {
  ASSIGN_OR_RETURN(TcpListener listener, ListenTcp(config.listen_address));
  address = listener.address;
  std::string key_pem(AsText(identity.key_pem.Reveal()));
  auto credentials = TlsCredentials(identity.certificate_pem, key_pem);
  WipeString(key_pem);
  ASSIGN_OR_RETURN(guest_channel,
                   Channel::Open({.listener = std::move(listener.socket),
                                  .max_connections = config.connections,
                                  .max_message_size = kMaxGuestMessage,
                                  .admit = [](int) { return true; },
                                  .credentials = std::move(credentials),
                                  .service = release_service.get(),
                                  .service_name = "tdxvfs.v1.KeyRelease"}));
  return {};
}

Result<void> KeyServer::Parts::OpenAdminChannel() {
  ASSIGN_OR_RETURN(UniqueFd listener, ListenUnix(config.admin_socket));
  ASSIGN_OR_RETURN(
      admin_channel,
      Channel::Open({.listener = std::move(listener),
                     .max_connections = kMaxAdministrators,
                     .max_message_size = kMaxAdminMessage,
                     .admit = IsAdministrator,
                     .credentials = PlainCredentials(),
                     .service = admin_service.get(),
                     .service_name = "tdxvfs.admin.v1.Administration"}));
  return {};
}

KeyServer::KeyServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

KeyServer::~KeyServer() = default;

Result<std::unique_ptr<KeyServer>> KeyServer::Start(const Config& config) {
  ASSIGN_OR_RETURN(verify::TrustAnchor anchor, LoadTrustAnchor(config));
  ASSIGN_OR_RETURN(const TlsIdentity identity,
                   TlsIdentity::Load(config.tls_certificate, config.tls_key));
  auto parts =
      std::make_unique<Parts>(config, std::move(anchor), identity.served);
  RETURN_IF_ERROR(parts->OpenStores());
  ASSIGN_OR_RETURN(
      parts->collateral,
      StartCollateral(parts->config.collateral, &parts->anchor, &parts->clock));
  parts->MakeServices();
  RETURN_IF_ERROR(parts->OpenAdminChannel());
  RETURN_IF_ERROR(parts->OpenGuestChannel(identity));
  return std::unique_ptr<KeyServer>(new KeyServer(std::move(parts)));
}

const std::string& KeyServer::address() const { return parts_->address; }

bool KeyServer::anchor_is_intel() const { return parts_->anchor.is_intel(); }

Result<void> KeyServer::TendStore() {
  RETURN_IF_ERROR(parts_->guests.Flush(parts_->store.get()));
  return parts_->deletions->Run();
}

Result<void> KeyServer::CheckHealth() {
  auto health = parts_->store->CheckHealth();
  if (health.has_value()) {
    health = parts_->audit->CheckHealth();
  }
  if (health.has_value()) {
    health = TellHead(parts_->audit->Maintain());
  }
  parts_->guest_channel->SetServing(health.has_value());
  return health;
}

void KeyServer::Stop() {
  parts_->guest_channel->SetServing(false);
  parts_->guest_channel->Close(parts_->config.stop_timeout);
  parts_->admin_channel->Close(std::chrono::milliseconds(0));
  if (const auto told = TellHead(parts_->audit->SignLast());
      !told.has_value()) {
    Log(LogLevel::kError, Event::kAuditFailed, told.error().ToString());
  }
  unlink(parts_->config.admin_socket.c_str());
  // What could not be written is in the audit log.
  (void)parts_->guests.Flush(parts_->store.get());
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/server_parts.h"

#include <utility>

#include "keyserver/audit/log_directory.h"
#include "keyserver/keys/store_presence.h"
#include "keyserver/listener.h"

namespace tdxvfs::keyserver {
namespace {

// Jobs mostly wait for the audit log's sync, which they share.
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kMaxAdministrators = 32;
// A quote of 16 KiB, an event log of 256 KiB and the small members.
constexpr int kMaxGuestMessage = (16 + 256 + 4) * 1024;
constexpr int kMaxAdminMessage = 256 * 1024;
constexpr const char* kAdminName = "tdxvfs.admin.v1.Administration";

ReleaseTimeouts TimeoutsOf(const Config& config) {
  return {config.begin_timeout, config.evidence_timeout,
          config.outcome_timeout};
}

DoorLevels LevelsOf(const Channel* channel) {
  if (channel == nullptr) {
    return {};
  }
  return {.connections = channel->connections().living(),
          .refused = channel->connections().refused()};
}

}  // namespace

ServerParts::ServerParts(const Config& settings,
                         verify::TrustAnchor trust_anchor,
                         const LeafCertificate& leaf, const Clock* time)
    : config(settings),
      clock(time),
      anchor(std::move(trust_anchor)),
      certificates(leaf.sha256, kLongestConnection, clock),
      certificate_expires(leaf.expires),
      metrics(TDXVFS_VERSION),
      admission(settings.admission, clock),
      volume_rate(settings.volume_rate, clock) {}

Result<void> ServerParts::OpenStores() {
  ASSIGN_OR_RETURN(MasterKey master_key, MasterKey::Load(config.master_key));
  // Before a store is made: a start that failed after it would leave one behind
  // for the next start to take.
  RETURN_IF_ERROR(CheckAuditDirectory(config));
  RETURN_IF_ERROR(
      CheckNotLost(config.store, LogDirectory::Current(config.audit_directory))
          .Context("key store '" + config.store + "'"));
  ASSIGN_OR_RETURN(store,
                   SqliteKeyStore::Open(config.store, std::move(master_key),
                                        anchor.key_digest()));
  ASSIGN_OR_RETURN(audit, JsonLinesAuditLog::Open(config.audit_directory,
                                                  config.audit, clock));
  return {};
}

Result<void> ServerParts::OpenCollateral() {
  ASSIGN_OR_RETURN(auto opened, tdxvfs::keyserver::OpenCollateral(
                                    config.collateral, &anchor, clock));
  collateral.Replace(std::move(opened));
  return {};
}

Result<void> ServerParts::MakeServices(ReloadableFiles files) {
  verify::CollateralSource* const source =
      collateral.present() ? &collateral : nullptr;
  release = std::make_unique<KeyRelease>(ReleaseParts{
      .store = store.get(),
      .audit = audit.get(),
      .clock = clock,
      .anchor = &anchor,
      .certificates = &certificates,
      .collateral = source,
      .pck_chains = collateral.has_pck_chains() ? &collateral : nullptr,
      .collateral_source = [this] { return collateral.SourceText(); },
      .volume_rate = &volume_rate,
      .guests = &guests,
      .metrics = &metrics});
  deletions = std::make_unique<DueDeletions>(store.get(), clock);
  work = std::make_unique<WorkQueue>(kWorkers);
  release_service = std::make_unique<ReleaseService>(
      ReleaseService::Parts{.release = release.get(),
                            .admission = &admission,
                            .work = work.get(),
                            .deadlines = &deadlines,
                            .clock = clock,
                            .metrics = &metrics,
                            .timeouts = TimeoutsOf(config),
                            .anchor_is_intel = anchor.is_intel(),
                            .collateral_none = source == nullptr});
  replay = std::make_unique<EvidenceReplay>(clock, &anchor, source);
  ASSIGN_OR_RETURN(auto shown, ServedIdentity::Prepare(files.identity));
  guest_identity = std::make_shared<ServedIdentity>(std::move(shown));
  return MakeAdminServices(std::move(files));
}

Result<void> ServerParts::MakeAdminServices(ReloadableFiles files) {
  AdminService::Parts admin{.store = store.get(),
                            .audit = audit.get(),
                            .clock = clock,
                            .replay = replay.get(),
                            .guests = &guests,
                            .upkeep = store.get()};
  local_admin_service = std::make_unique<AdminService>(admin);
  if (!files.administrators.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(
      auto shown,
      ServedIdentity::Prepare(files.identity, files.administrators->ca_pem()));
  admin_identity = std::make_shared<ServedIdentity>(std::move(shown));
  access =
      std::make_unique<AdminAccess>(*std::move(files.administrators), clock);
  admin.access = access.get();
  remote_admin_service = std::make_unique<AdminService>(admin);
  return {};
}

Result<void> ServerParts::OpenGuestPort(UniqueFd passed) {
  ASSIGN_OR_RETURN(TcpListener listener,
                   passed.valid() ? AdoptTcp(std::move(passed))
                                  : ListenTcp(config.listen_address));
  address = listener.address;
  ASSIGN_OR_RETURN(guest_channel,
                   Channel::Open({.listener = std::move(listener.socket),
                                  .max_connections = config.connections,
                                  .max_message_size = kMaxGuestMessage,
                                  .admit = [](int) { return true; },
                                  .credentials = TlsCredentials(guest_identity),
                                  .service = release_service.get(),
                                  .service_name = "tdxvfs.v1.KeyRelease"}));
  return {};
}

Result<void> ServerParts::OpenAdminSocket(UniqueFd passed) {
  owns_admin_socket = !passed.valid();
  ASSIGN_OR_RETURN(UniqueFd listener, passed.valid()
                                          ? AdoptUnix(std::move(passed))
                                          : ListenUnix(config.admin_socket));
  ASSIGN_OR_RETURN(socket_channel,
                   Channel::Open({.listener = std::move(listener),
                                  .max_connections = kMaxAdministrators,
                                  .max_message_size = kMaxAdminMessage,
                                  .admit = IsAdministrator,
                                  .credentials = PlainCredentials(),
                                  .service = local_admin_service.get(),
                                  .service_name = kAdminName}));
  return {};
}

Result<void> ServerParts::OpenAdminPort(UniqueFd passed) {
  if (access == nullptr) {
    return passed.valid() ? Error(Reason::kConfigInvalid,
                                  "a socket 'admin-port' was passed without "
                                  "[admin] in the configuration")
                          : Result<void>();
  }
  ASSIGN_OR_RETURN(TcpListener listener, passed.valid()
                                             ? AdoptTcp(std::move(passed))
                                             : ListenTcp(config.admin_address));
  admin_address = listener.address;
  ASSIGN_OR_RETURN(
      admin_channel,
      Channel::Open(
          {.listener = std::move(listener.socket),
           .max_connections = kMaxAdministrators,
           .max_message_size = kMaxAdminMessage,
           .admit = [](int) { return true; },
           .credentials = TlsCredentials(
               admin_identity,
               [this](std::string_view method, const std::string& leaf_pem) {
                 return access->CheckCall(method, leaf_pem);
               }),
           .service = remote_admin_service.get(),
           .service_name = kAdminName}));
  return {};
}

Result<void> ServerParts::OpenWatch() {
  if (config.metrics_address.empty()) {
    return {};
  }
  ASSIGN_OR_RETURN(
      watch,
      WatchServer::Start(config.metrics_address,
                         {.metrics = [this] { return metrics.Text(Look()); },
                          .readiness = [this] { return readiness.Ask(); }}));
  return {};
}

Result<void> ServerParts::Reload(const Config& fresh, ReloadableFiles files) {
  RETURN_IF_ERROR(CheckReloadable(config, fresh));
  std::shared_ptr<CollateralParts> opened;
  if (!(config.collateral == fresh.collateral)) {
    ASSIGN_OR_RETURN(opened, tdxvfs::keyserver::OpenCollateral(fresh.collateral,
                                                               &anchor, clock));
  }
  ASSIGN_OR_RETURN(auto for_guests, ServedIdentity::Prepare(files.identity));
  if (access != nullptr && files.administrators.has_value()) {
    ASSIGN_OR_RETURN(auto for_administrators,
                     ServedIdentity::Prepare(files.identity,
                                             files.administrators->ca_pem()));
    admin_identity->Replace(std::move(for_administrators));
    access->Replace(*std::move(files.administrators));
  }
  // Nothing fails from here on. The certificate counts before the first
  // connection can see it.
  certificates.Replace(files.identity.leaf.sha256);
  guest_identity->Replace(std::move(for_guests));
  certificate_expires = files.identity.leaf.expires;
  if (opened != nullptr) {
    collateral.Replace(std::move(opened));
  }
  admission.SetLimits(fresh.admission);
  volume_rate.SetRate(fresh.volume_rate);
  release_service->SetTimeouts(TimeoutsOf(fresh));
  guest_channel->connections().SetMaxConnections(fresh.connections);
  config = fresh;
  return {};
}

Levels ServerParts::Look() {
  return {
      .now = clock->Now(),
      .ready = readiness.Ask().ready,
      .doors = {LevelsOf(guest_channel.get()), LevelsOf(socket_channel.get()),
                LevelsOf(admin_channel.get())},
      .certificate_expires = certificate_expires,
      .collateral = collateral.State()};
}

}  // namespace tdxvfs::keyserver

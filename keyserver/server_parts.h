// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SERVER_PARTS_H_
#define TDXVFS_KEYSERVER_SERVER_PARTS_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "attest/verify/trust_anchor.h"
#include "common/clock.h"
#include "keyserver/admin/admin_access.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/admission.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "keyserver/channel.h"
#include "keyserver/collateral_parts.h"
#include "keyserver/config.h"
#include "keyserver/config_files.h"
#include "keyserver/deadline_queue.h"
#include "keyserver/due_deletions.h"
#include "keyserver/evidence_replay.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/release_key.h"
#include "keyserver/release_service.h"
#include "keyserver/served_certificates.h"
#include "keyserver/tls_wire.h"
#include "keyserver/volume_rate.h"
#include "keyserver/watch/metrics.h"
#include "keyserver/watch/readiness.h"
#include "keyserver/watch/watch_server.h"
#include "keyserver/work_queue.h"

namespace tdxvfs::keyserver {

// What a key server is made of, in the order in which the parts depend on each
// other: what watches goes first, then the channels, then the jobs run out,
// and the store is closed last.
struct ServerParts {
  // `time` outlives it.
  ServerParts(const Config& settings, verify::TrustAnchor trust_anchor,
              const LeafCertificate& leaf, const Clock* time);

  // The steps of a start.
  Result<void> OpenStores();
  Result<void> OpenCollateral();
  Result<void> MakeServices(ReloadableFiles files);
  Result<void> MakeAdminServices(ReloadableFiles files);
  // An invalid socket is opened as the configuration says.
  Result<void> OpenAdminSocket(UniqueFd passed);
  Result<void> OpenAdminPort(UniqueFd passed);
  Result<void> OpenGuestPort(UniqueFd passed);
  Result<void> OpenWatch();

  // Exchanges what can be exchanged, or nothing when the configuration asks for
  // more than that. Calls for one thread.
  Result<void> Reload(const Config& fresh, ReloadableFiles files);

  Levels Look();

  Config config;
  const Clock* const clock;
  verify::TrustAnchor anchor;
  ServedCertificates certificates;
  bool disk_shortage_told = false;  // of CheckHealth alone
  std::atomic<std::chrono::system_clock::time_point> certificate_expires;
  Metrics metrics;
  Readiness readiness{clock};
  std::unique_ptr<SqliteKeyStore> store;
  std::unique_ptr<JsonLinesAuditLog> audit;
  Admission admission;
  VolumeRate volume_rate;
  GuestBook guests;
  std::unique_ptr<DueDeletions> deletions;
  CurrentCollateral collateral;
  std::unique_ptr<KeyRelease> release;
  std::unique_ptr<EvidenceReplay> replay;
  // Streams, which the last jobs let go of, know it.
  std::unique_ptr<ReleaseService> release_service;
  std::unique_ptr<WorkQueue> work;
  DeadlineQueue deadlines;
  std::shared_ptr<ServedIdentity> guest_identity;
  std::shared_ptr<ServedIdentity> admin_identity;  // null without [admin]
  std::unique_ptr<AdminAccess> access;             // null without [admin]
  std::unique_ptr<AdminService> local_admin_service;
  std::unique_ptr<AdminService> remote_admin_service;
  std::string address;
  std::string admin_address;
  bool owns_admin_socket = false;  // its file is ours to remove
  std::unique_ptr<Channel> socket_channel;
  std::unique_ptr<Channel> admin_channel;  // null without [admin]
  std::unique_ptr<Channel> guest_channel;
  std::unique_ptr<WatchServer> watch;  // null without [metrics]
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SERVER_PARTS_H_

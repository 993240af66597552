// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_CORE_RIG_H_
#define TDXVFS_TESTS_SUPPORT_CORE_RIG_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/audit_key.h"
#include "common/clock.h"
#include "keyserver/admission.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "keyserver/collateral_parts.h"
#include "keyserver/deadline_queue.h"
#include "keyserver/due_deletions.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/release_key.h"
#include "keyserver/served_certificates.h"
#include "keyserver/volume_rate.h"
#include "keyserver/watch/metrics.h"
#include "keyserver/work_queue.h"
#include "simulator/pccs_server.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::testing {

// What a key server is made of without gRPC, put together as ServerParts does:
// real store, audit log, collateral and threads, with a pretend Intel of their
// own. Thread-safe where the parts are. Failures are reported to GoogleTest.
class CoreRig {
 public:
  CoreRig();

  // A volume that the guests of UnlockThroughCore satisfy.
  void AddVolume(const std::string& name);
  static keyserver::MasterKey MasterKeyOf(char letter);
  static Sha256Digest Header();

  // What is in the audit log's files, oldest first, and who signs it.
  std::vector<std::string> AuditFiles() const;
  audit::PublicKey AuditKey() const;
  const simulator::QuoteSigner& signer() const { return *signer_; }

 private:
  // Outlive what is public below.
  TemporaryFolder folder_;
  TemporaryFolder audit_folder_;
  std::unique_ptr<simulator::Pki> pki_;
  std::unique_ptr<simulator::QuoteSigner> signer_;
  std::unique_ptr<verify::TrustAnchor> anchor_;
  std::unique_ptr<simulator::PccsServer> service_;

 public:
  SystemClock clock;
  keyserver::ServedCertificates certificates;
  keyserver::Metrics metrics;
  std::unique_ptr<keyserver::SqliteKeyStore> store;
  std::unique_ptr<keyserver::JsonLinesAuditLog> audit;
  keyserver::Admission admission;
  keyserver::VolumeRate volume_rate;
  keyserver::GuestBook guests;
  std::unique_ptr<keyserver::DueDeletions> deletions;
  keyserver::CurrentCollateral collateral;
  std::unique_ptr<keyserver::KeyRelease> release;
  std::unique_ptr<keyserver::WorkQueue> work;
  keyserver::DeadlineQueue deadlines;

 private:
  void OpenCollateral();
};

// How one exchange ended: the reason's slug, "" when the grant was opened and
// its outcome recorded.
struct CoreEnding {
  std::string reason;
  std::string audit_id;
};

// One unlock by the steps of ReleaseService, as calls instead of messages:
// admitted, given a nonce and a deadline, decided and recorded by a job of the
// work queue. `lie` may change what the guest shows.
CoreEnding UnlockThroughCore(
    CoreRig* rig, const std::string& volume, const std::string& peer,
    const std::function<void(keyserver::Evidence*)>& lie = {});

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_CORE_RIG_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RELEASE_ATTEMPT_H_
#define TDXVFS_KEYSERVER_RELEASE_ATTEMPT_H_

#include <optional>

#include "attest/event_log/event_log.h"
#include "attest/report_data.h"
#include "common/hpke.h"
#include "keyserver/release_key.h"

namespace tdxvfs::keyserver {

// One attempt on its way through the steps; each step adds what it found to
// the record.
struct KeyRelease::Attempt {
  const Exchange& exchange;
  const Evidence& evidence;
  AuditRecord record{};
  attest::TdReport report{};
  std::optional<attest::TcbVerdict> tcb{};
  std::optional<event_log::EventLog> event_log{};
  attest::ReportDataBytes report_data{};
  bool allow_imported = false;  // as the policy says
  VersionRecord version{};
  // Sealing to the guest's key, set up before the decision is written down.
  X25519PublicKey encapsulated_key{};
  std::optional<HpkeContext> envelope{};
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RELEASE_ATTEMPT_H_

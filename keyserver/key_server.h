// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEY_SERVER_H_
#define TDXVFS_KEYSERVER_KEY_SERVER_H_

#include <memory>
#include <string>

#include "attest/verify/trust_anchor.h"
#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// The certificate that attestation.trust_anchor names. Fails with
// kConfigInvalid or kConfigMissing.
Result<verify::TrustAnchor> LoadTrustAnchor(const Config& config);

// Reads and checks everything that the configuration names, without starting
// anything or touching the store.
Result<void> CheckConfig(const Config& config);

// A running key server: everything that a configuration names, put together.
// AllowOnlyTls13 comes first. Destroying it stops it at once.
class KeyServer {
 public:
  // Fails with what the parts say: kConfigInvalid, kStoreLocked,
  // kStoreKeyWrong, kAnchorChanged, kAuditUnavailable...
  static Result<std::unique_ptr<KeyServer>> Start(const Config& config);
  ~KeyServer();

  // Where guests connect, with the port that the kernel chose.
  const std::string& address() const;
  bool anchor_is_intel() const;
  // Whether store, audit log and keys can serve. Health checks are answered
  // with the last result. Also looks after the audit log, whose newest head is
  // logged, so that it is kept where the log's own disk cannot change it.
  Result<void> CheckHealth();
  // Writes down which guests came and destroys what was deleted long enough
  // ago. Call every few seconds.
  Result<void> TendStore();
  // Takes nothing new, lets streams in flight finish within the configured
  // time, then ends. A second call does nothing.
  void Stop();

 private:
  struct Parts;
  explicit KeyServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEY_SERVER_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEY_SERVER_H_
#define TDXVFS_KEYSERVER_KEY_SERVER_H_

#include <memory>
#include <string>

#include "common/clock.h"
#include "common/result.h"
#include "keyserver/config.h"
#include "keyserver/config_files.h"
#include "keyserver/listener.h"

namespace tdxvfs::keyserver {

struct ServerParts;

// A running key server: everything that a configuration names, put together.
// AllowOnlyTls13 comes first. Destroying it stops it at once. Its functions are
// for one thread.
class KeyServer {
 public:
  // Fails with what the parts say: kConfigInvalid, kStoreLocked,
  // kStoreKeyWrong, kAnchorChanged, kAuditUnavailable...
  // `passed`: sockets that are open already are used instead of opening those
  // of the configuration. `clock` outlives the server; null: the machine's own.
  static Result<std::unique_ptr<KeyServer>> Start(const Config& config,
                                                  PassedSockets passed = {},
                                                  const Clock* clock = nullptr);
  ~KeyServer();

  // Where guests connect, with the port that the kernel chose.
  const std::string& address() const;
  // Where remote administrators connect, and where /metrics and /readyz are;
  // empty without [admin] or [metrics].
  const std::string& admin_address() const;
  const std::string& metrics_address() const;
  bool anchor_is_intel() const;

  // Whether guests can be served: store, audit log, collateral, certificate.
  // Health checks and /readyz are answered with the last result; call it every
  // few seconds. Fails with the first thing that is wrong. Also looks after the
  // audit log, whose newest head is logged, so that it is kept where the log's
  // own disk cannot change it.
  Result<void> CheckHealth();
  // Writes down which guests came and destroys what was deleted long enough
  // ago. Call every few seconds.
  Result<void> TendStore();
  // Takes another configuration: limits, times, collateral, TLS certificate,
  // administrators' authority and revocation list. Streams and connections live
  // on. On failure everything stays as it was: kConfigInvalid when a key takes
  // a restart, or what loading the files says.
  Result<void> Reload(const Config& fresh);
  // Takes nothing new, lets streams in flight finish within the configured
  // time, then ends. A second call does nothing.
  void Stop();

 private:
  explicit KeyServer(std::unique_ptr<ServerParts> parts);
  std::unique_ptr<ServerParts> parts_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEY_SERVER_H_

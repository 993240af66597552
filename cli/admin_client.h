// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_ADMIN_CLIENT_H_
#define TDXVFS_CLI_ADMIN_CLIENT_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/volume_description.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::cli {

// A registered version of a volume, as the server lists it.
struct VersionInfo {
  std::string volume;
  std::uint32_t version = 0;
  VolumeDescription description;
  bool retired = false;
  bool volume_disabled = false;
  bool has_policy = false;
  std::string created;  // RFC 3339, UTC
};

// Which audit records to list.
struct AuditQuery {
  std::string volume;       // empty: all
  std::string reason;       // slug; empty: all
  std::uint32_t limit = 0;  // newest records; 0: the server's default
  std::string since;        // as JsonTime writes it; empty: no bound
  std::string until;
  std::string peer;  // with its port, or every port of an address
};

// Some lines of a server's audit log.
struct AuditLines {
  std::vector<std::string> lines;
  std::string next;  // where the next ones begin; empty: nowhere
};

// What a server says about an earlier decision, by another policy.
struct ReplayedDecision {
  std::string audit_id;
  std::string time;
  std::string volume;
  std::string peer;
  std::string reason_then;   // slug; empty: released
  std::string reason_now;    // slug; empty: would be released
  std::string differing;     // checks that do not hold
  std::string not_replayed;  // why there is no verdict; else empty
};

// A key server's administration over its admin socket. Not thread-safe. Every
// call fails with kServerUnreachable, kDeadlineExceeded, kPermission or the
// reason that the server gives.
class AdminClient {
 public:
  // Fails with kServerUnreachable or kPermission, with the system's own words,
  // when nobody listens on the socket or it may not be used.
  static Result<AdminClient> Connect(const std::filesystem::path& socket);
  // Finds the socket as FindAdminSocket does and connects.
  static Result<AdminClient> ConnectTo(std::string_view server_option);

  AdminClient(AdminClient&&) noexcept;
  AdminClient& operator=(AdminClient&&) noexcept;
  ~AdminClient();

  Result<Secret> MakePassphrase();
  // Returns the number of the new version.
  Result<std::uint32_t> PutVersion(std::string_view volume,
                                   const VolumeDescription& description,
                                   const Secret& passphrase);
  Result<std::vector<VersionInfo>> ListVersions(std::string_view volume);
  Result<void> RetireVersion(std::string_view volume, std::uint32_t version);
  Result<void> SetDisabled(std::string_view volume, bool disabled);
  Result<void> PutPolicy(std::string_view volume, std::string_view json);
  Result<std::string> GetPolicy(std::string_view volume);
  // One JSON object each, oldest first.
  Result<std::vector<std::string>> ListAudit(const AuditQuery& query);
  Result<std::string> GetAudit(std::string_view audit_id);
  // Lines as they stand in the log, oldest first; `from` is empty or an earlier
  // `next`.
  Result<AuditLines> ExportAudit(const AuditQuery& query,
                                 const std::string& from);
  // Oldest first.
  Result<std::vector<ReplayedDecision>> TestPolicy(std::string_view json,
                                                   const AuditQuery& query);

 private:
  struct Channel;
  explicit AdminClient(std::unique_ptr<Channel> channel);

  std::unique_ptr<Channel> channel_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_ADMIN_CLIENT_H_

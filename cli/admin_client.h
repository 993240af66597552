// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_ADMIN_CLIENT_H_
#define TDXVFS_CLI_ADMIN_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/server_address.h"
#include "cli/volume_description.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::cli {

// When and how often the key of a version may be released.
struct VersionLimits {
  std::optional<std::chrono::sys_seconds> not_before;
  std::optional<std::chrono::sys_seconds> not_after;
  std::optional<std::uint32_t> releases;
};

// A registered version of a volume, as the server lists it.
struct VersionInfo {
  std::string volume;
  std::uint32_t version = 0;
  VolumeDescription description;
  bool retired = false;
  bool volume_disabled = false;
  bool has_policy = false;
  std::string created;  // RFC 3339, UTC
  VersionLimits limits;
  std::uint32_t released = 0;  // since limits.releases was set
  std::string delete_after;    // RFC 3339, UTC; set: deleted
  bool destroyed = false;      // the passphrase is gone
  // Set: why the record cannot be read; besides it, only volume and version
  // count, and version 0 is the volume's own record.
  std::string damaged;
};

// A guest that got a key of a volume.
struct GuestInfo {
  std::uint32_t version = 0;
  std::string peer;
  std::string last;  // RFC 3339, UTC
  std::uint64_t releases = 0;
};

// One policy of a volume's history.
struct PolicyInfo {
  std::uint32_t number = 0;
  std::string time;     // RFC 3339, UTC; empty: before times were kept
  std::string author;   // empty like time
  std::string sha256;   // hex, of the JSON
  std::string damaged;  // set: why it cannot be read; only the number counts
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
  std::string next;         // where the next ones begin; empty: nowhere
  std::size_t damaged = 0;  // lines that the filter left out for that
};

// Decisions on record: one JSON object each, oldest first.
struct AuditRecords {
  std::vector<std::string> records;
  std::size_t damaged = 0;  // lines of the log that are no records any more
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

// Oldest first.
struct ReplayedDecisions {
  std::vector<ReplayedDecision> decisions;
  std::size_t damaged = 0;  // as in AuditRecords
};

// A key server's administration, over its admin socket or over TLS. Not
// thread-safe. Every call fails with kServerUnreachable, kDeadlineExceeded,
// kPermission or the reason that the server gives.
class AdminClient {
 public:
  // Fails with kServerUnreachable or kPermission, with the system's own words,
  // when nobody listens on the socket or it may not be used.
  static Result<AdminClient> Connect(const std::filesystem::path& socket);
  // Over TLS (1.3 alone with AllowOnlyTls13) with a client certificate; the
  // server's certificate must lead to `files.ca` and name the host. Fails with
  // what reading the files says; the connection is made by the first call.
  static Result<AdminClient> ConnectTls(const ServerAddress& server);
  // Finds the server as FindServer does and connects.
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
  // `number` 0 means the current one.
  Result<std::string> GetPolicy(std::string_view volume,
                                std::uint32_t number = 0);
  Result<AuditRecords> ListAudit(const AuditQuery& query);
  Result<std::string> GetAudit(std::string_view audit_id);
  // Lines as they stand in the log, oldest first; `from` is empty or an earlier
  // `next`.
  Result<AuditLines> ExportAudit(const AuditQuery& query,
                                 const std::string& from);
  Result<ReplayedDecisions> TestPolicy(std::string_view json,
                                       const AuditQuery& query);

  // Store (admin_store_client.cc)
  Result<void> SetLimits(std::string_view volume, std::uint32_t version,
                         const VersionLimits& limits);
  // Returns until when it can be undeleted, RFC 3339.
  Result<std::string> DeleteVersion(std::string_view volume,
                                    std::uint32_t version,
                                    std::chrono::seconds grace);
  Result<void> UndeleteVersion(std::string_view volume, std::uint32_t version);
  // The last release first.
  Result<std::vector<GuestInfo>> ListGuests(std::string_view volume);
  // Oldest first; the last one is current.
  Result<std::vector<PolicyInfo>> ListPolicies(std::string_view volume);
  // Returns the number that the earlier policy has now.
  Result<std::uint32_t> RollbackPolicy(std::string_view volume,
                                       std::uint32_t number);

 private:
  struct Channel;
  explicit AdminClient(std::unique_ptr<Channel> channel);

  std::unique_ptr<Channel> channel_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_ADMIN_CLIENT_H_

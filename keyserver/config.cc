// SPDX-License-Identifier: Apache-2.0
#include "keyserver/config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/file.h"
#include "common/host_port.h"
#include "keyserver/secret_source.h"
#include "keyserver/toml_table.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxConfigFile = 64UL * 1024;
// So that each of the files that evidence is spread over holds some.
constexpr std::uint64_t kLeastEvidence = 16ULL * 1024 * 1024;
constexpr std::uint64_t kLeastRotation = 1024ULL * 1024;
constexpr std::uint32_t kRotateDays = 30;
constexpr std::array<std::string_view, 9> kTables = {
    "listen", "admin", "tls",     "store", "attestation",
    "audit",  "log",   "metrics", "limits"};

// One configuration file while it is read.
class ConfigReader {
 public:
  ConfigReader(const toml::table& root, std::string_view file)
      : root_(root), file_(file) {}

  Result<Config> Read() {
    RETURN_IF_ERROR(CheckTables());
    NoteLines();
    RETURN_IF_ERROR(ReadListen());
    RETURN_IF_ERROR(ReadTls());
    RETURN_IF_ERROR(ReadStore());
    RETURN_IF_ERROR(ReadAttestation());
    RETURN_IF_ERROR(ReadAudit());
    RETURN_IF_ERROR(ReadAdmin());
    RETURN_IF_ERROR(ReadLog());
    RETURN_IF_ERROR(ReadMetrics());
    RETURN_IF_ERROR(ReadLimits());
    return config_;
  }

 private:
  Result<void> CheckTables() const {
    for (const auto& [key, node] : root_) {
      const bool known = std::ranges::find(kTables, key.str()) != kTables.end();
      const std::string name(key.str());
      if (!known || !node.is_table()) {
        return Error(
            Reason::kConfigInvalid,
            std::string(file_) + ":" +
                std::to_string(node.source().begin.line) + ": " + name +
                (known
                     ? ": must be a table: write [" + name + "]"
                     : ": is not known here; the tables are " + KnownTables()));
      }
    }
    return {};
  }

  static std::string KnownTables() {
    std::string names;
    for (const std::string_view name : kTables) {
      names += (names.empty() ? "[" : ", [") + std::string(name) + "]";
    }
    return names;
  }

  void NoteLines() {
    config_.file = file_;
    for (const auto& [name, table] : root_) {
      for (const auto& [key, node] : *table.as_table()) {
        config_.lines[std::string(name.str()) + "." + std::string(key.str())] =
            node.source().begin.line;
      }
    }
  }

  TomlTable Table(std::string_view name) const {
    return {root_[name].as_table(), file_, name};
  }

  static std::string Address(TomlTable* table, std::string_view example) {
    std::string address = table->Text("address", example);
    if (!IsHostPort(address)) {
      table->Refuse(
          "address",
          "must be HOST:PORT or [IPV6]:PORT, the port from 0 to 65535");
    }
    return address;
  }

  static std::string Path(TomlTable* table, std::string_view key,
                          std::string_view example) {
    std::string path = table->Text(key, example);
    if (!path.starts_with('/')) {
      table->Refuse(key, "must be an absolute path such as \"" +
                             std::string(example) + "\"");
    }
    return path;
  }

  static std::string Source(TomlTable* table, std::string_view key,
                            std::string_view example) {
    std::string source = table->Text(key, example);
    if (auto checked = CheckSecretSource(source); !checked.has_value()) {
      table->Refuse(key, checked.error().message());
    }
    return source;
  }

  Result<void> ReadListen() {
    TomlTable table = Table("listen");
    config_.listen_address = Address(&table, "[::]:8443");
    config_.admin_socket =
        Path(&table, "admin_socket", "/run/tdxvfs/admin.sock");
    return table.Finish();
  }

  Result<void> ReadTls() {
    TomlTable table = Table("tls");
    config_.tls_certificate =
        Path(&table, "certificate", "/etc/tdxvfs/tls/server.pem");
    config_.tls_key = Source(&table, "key", "/etc/tdxvfs/tls/server.key");
    return table.Finish();
  }

  Result<void> ReadStore() {
    TomlTable table = Table("store");
    config_.store = Path(&table, "sqlite", "/var/lib/tdxvfs/store.db");
    config_.master_key = Source(&table, "master_key", "credential:master-key");
    return table.Finish();
  }

  Result<void> ReadAttestation() {
    TomlTable table = Table("attestation");
    config_.trust_anchor = table.Text("trust_anchor", "intel");
    if (config_.trust_anchor != "intel" &&
        !config_.trust_anchor.starts_with('/')) {
      table.Refuse("trust_anchor",
                   R"(must be "intel" or the absolute path of a PEM file)");
    }
    config_.collateral =
        ReadCollateralConfig(&table, config_.trust_anchor == "intel");
    return table.Finish();
  }

  // Beside the store, unless it says otherwise: not in the log's own folder.
  std::string KeyFile(TomlTable* table) const {
    const std::string beside =
        std::filesystem::path(config_.store).parent_path() / "audit.key";
    std::string path = table->TextOr("key", beside);
    if (!path.starts_with('/')) {
      table->Refuse("key",
                    "must be an absolute path such as \"" + beside + "\"");
    }
    return path;
  }

  Result<void> ReadAudit() {
    TomlTable table = Table("audit");
    config_.audit_directory = Path(&table, "directory", "/var/log/tdxvfs");
    AuditSettings& audit = config_.audit;
    audit.key_file = KeyFile(&table);
    audit.rotate_bytes =
        table.Bytes("rotate_size", audit.rotate_bytes, kLeastRotation);
    audit.rotate_after =
        std::chrono::days(table.Number("rotate_days", kRotateDays, 1, 3650));
    EvidenceLimits& evidence = audit.evidence;
    evidence.keep = table.Flag("evidence", evidence.keep);
    evidence.days = table.Number("evidence_days", evidence.days, 1, 3650);
    evidence.max_bytes =
        table.Bytes("evidence_max", evidence.max_bytes, kLeastEvidence);
    return table.Finish();
  }

  Result<void> ReadAdmin() {
    if (!root_.contains("admin")) {
      return {};
    }
    TomlTable table = Table("admin");
    config_.admin_address = Address(&table, "[::]:8444");
    config_.admin_ca = Path(&table, "ca", "/etc/tdxvfs/admins.pem");
    if (table.Has("crl")) {
      config_.admin_crl = Path(&table, "crl", "/etc/tdxvfs/admins.crl");
    }
    return table.Finish();
  }

  Result<void> ReadLog() {
    TomlTable table = Table("log");
    const auto level = ParseLogLevel(table.TextOr("level", "info"));
    if (level.has_value()) {
      config_.log_level = *level;
    } else {
      table.Refuse("level", "must be error, warning, info or debug");
    }
    return table.Finish();
  }

  Result<void> ReadMetrics() {
    if (!root_.contains("metrics")) {
      return {};
    }
    TomlTable table = Table("metrics");
    config_.metrics_address = Address(&table, "127.0.0.1:9464");
    return table.Finish();
  }

  Result<void> ReadLimits() {
    TomlTable table = Table("limits");
    AdmissionLimits& admission = config_.admission;
    config_.connections =
        table.Number("connections", config_.connections, 1, 100'000);
    admission.attestations =
        table.Number("attestations", admission.attestations, 1, 10'000);
    admission.peer_attestations = table.Number(
        "peer_attestations", admission.peer_attestations, 1, 10'000);
    admission.peer_per_minute = table.Number(
        "peer_per_minute", admission.peer_per_minute, 1, 10'000'000);
    admission.peer_burst =
        table.Number("peer_burst", admission.peer_burst, 1, 10'000'000);
    Rate& volume = config_.volume_rate;
    volume.per_minute =
        table.Number("volume_per_minute", volume.per_minute, 0, 10'000'000);
    volume.burst = table.Number("volume_burst", volume.burst, 1, 10'000'000);
    config_.begin_timeout =
        table.Duration("begin_timeout", config_.begin_timeout);
    config_.outcome_timeout =
        table.Duration("outcome_timeout", config_.outcome_timeout);
    config_.stop_timeout = table.Duration("stop_timeout", config_.stop_timeout);
    // The challenge carries whole seconds.
    config_.evidence_timeout = std::chrono::ceil<std::chrono::seconds>(
        table.Duration("evidence_timeout", config_.evidence_timeout));
    return table.Finish();
  }

  const toml::table& root_;
  const std::string_view file_;
  Config config_;
};

}  // namespace

std::string Config::Place(std::string_view key) const {
  const auto line = lines.find(key);
  return file + ":" +
         (line == lines.end() ? "" : std::to_string(line->second) + ":") + " " +
         std::string(key);
}

Result<Config> ParseConfig(std::string_view text, std::string_view name) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error(Reason::kConfigInvalid,
                 std::string(name) + ":" +
                     std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()) +
                     R"(; a line is [table] or key = value, text in "quotes")");
  }
  return ConfigReader(parsed.table(), name).Read();
}

Result<Config> LoadConfig(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadConfigFile(path, kMaxConfigFile));
  return ParseConfig(text, path.string());
}

}  // namespace tdxvfs::keyserver

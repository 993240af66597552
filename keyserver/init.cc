// SPDX-License-Identifier: Apache-2.0
#include "keyserver/init.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "attest/verify/trust_anchor.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "keyserver/config.h"
#include "keyserver/config_files.h"
#include "keyserver/identity_files.h"
#include "keyserver/keys/master_key.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSystemDirectory = "/etc/tdxvfs";

// Every path of a new server.
struct Layout {
  fs::path config, master_key, ca, ca_key, certificate, key;
  std::string store, audit, admin_socket;
  std::string collateral_cache;  // empty: where the server has it by itself
  std::string master_key_source, key_source;
  std::string trust_anchor;
};

Layout LayoutOf(const fs::path& directory) {
  Layout layout;
  layout.config = directory / "keyserver.toml";
  layout.master_key = directory / "master.key";
  layout.ca = directory / "tls" / "ca.pem";
  layout.ca_key = directory / "tls" / "ca.key";
  layout.certificate = directory / "tls" / "server.pem";
  layout.key = directory / "tls" / "server.key";
  if (directory == kSystemDirectory) {
    layout.store = "/var/lib/tdxvfs/store.db";
    layout.audit = "/var/log/tdxvfs";
    layout.admin_socket = "/run/tdxvfs/admin.sock";
    layout.master_key_source = "credential:master-key";
    layout.key_source = "credential:server-key";
  } else {
    layout.store = directory / "store.db";
    layout.audit = directory / "audit";
    layout.admin_socket = directory / "admin.sock";
    layout.collateral_cache = directory / "collateral";
    layout.master_key_source = layout.master_key;
    layout.key_source = layout.key;
  }
  return layout;
}

// Leaves a directory that is there alone. A new one gets this mode, whatever
// the umask says.
Result<void> MakeDirectory(const fs::path& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) {
      return {};
    }
    return SystemError(Reason::kFileUnwritable,
                       "create directory '" + path.string() + "'", errno);
  }
  if (chmod(path.c_str(), mode) != 0) {
    return SystemError(Reason::kFileUnwritable,
                       "set mode of '" + path.string() + "'", errno);
  }
  return {};
}

Result<void> RefuseExisting(const Layout& layout) {
  for (const fs::path& path : {layout.config, layout.master_key, layout.ca,
                               layout.ca_key, layout.certificate, layout.key}) {
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0) {
      return Error(Reason::kAlreadyExists,
                   "'" + path.string() + "' exists already");
    }
  }
  return {};
}

Result<std::string> AnchorPath(const std::string& trust_anchor) {
  if (trust_anchor == "intel") {
    return trust_anchor;
  }
  ASSIGN_OR_RETURN(const std::string pem,
                   ReadFile(trust_anchor, kMaxTrustAnchor));
  RETURN_IF_ERROR(verify::TrustAnchor::FromPem(pem).Context(
      "trust anchor '" + trust_anchor + "'"));
  std::error_code error;
  const fs::path absolute = fs::absolute(trust_anchor, error);
  return absolute.lexically_normal().string();
}

// A JSON string is a TOML basic string.
std::string ConfigText(const Layout& layout, const InitOptions& options) {
  const auto line = [](std::string_view key, std::string_view value) {
    return std::string(key) + " = " + JsonString(value) + "\n";
  };
  return "[listen]\n" + line("address", options.listen) +
         line("admin_socket", layout.admin_socket) + "\n[tls]\n" +
         line("certificate", layout.certificate.string()) +
         line("key", layout.key_source) + "\n[store]\n" +
         line("sqlite", layout.store) +
         line("master_key", layout.master_key_source) + "\n[attestation]\n" +
         line("trust_anchor", layout.trust_anchor) +
         line("collateral", options.collateral) +
         (options.collateral == "none" || layout.collateral_cache.empty()
              ? ""
              : line("collateral_cache", layout.collateral_cache)) +
         "\n[audit]\n" + line("directory", layout.audit);
}

std::string AgentText(const Layout& layout, const InitOptions& options) {
  const std::size_t colon = options.listen.rfind(':');
  const std::string& name = options.names.front();
  const std::string host =
      name.find(':') == std::string::npos ? name : "[" + name + "]";
  return "# /etc/tdxvfs/volumes.d/NAME.toml in the guest, with the volume's "
         "name for NAME\n"
         "image   = \"/var/lib/tdxvfs/NAME.img\"\n"
         "mount   = \"/mnt/NAME\"\n"
         "servers = [" +
         JsonString(host + options.listen.substr(colon)) +
         "]\n"
         "ca      = \"/etc/tdxvfs/ca.pem\"           # a copy of " +
         layout.ca.string() +
         "\n"
         "#\n"
         "# Keep " +
         layout.ca_key.string() +
         " away from this machine; it signs the next server certificate.\n";
}

Result<void> WriteSecrets(const Layout& layout, const NewIdentity& identity) {
  ASSIGN_OR_RETURN(const Secret master_key, Secret::Random(MasterKey::kSize));
  RETURN_IF_ERROR(WriteNewFile(layout.master_key, master_key.Reveal(), 0600));
  RETURN_IF_ERROR(
      WriteNewFile(layout.ca_key, identity.ca_key_pem.Reveal(), 0600));
  return WriteNewFile(layout.key, identity.server_key_pem.Reveal(), 0600);
}

Result<std::string> HostName() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return SystemError(Reason::kInternal, "read this host's name", errno);
  }
  return std::string(name.data());
}

}  // namespace

Result<std::string> Init(const InitOptions& given) {
  InitOptions options = given;
  if (options.names.empty()) {
    ASSIGN_OR_RETURN(std::string name, HostName());
    options.names.push_back(std::move(name));
  }
  std::error_code error;
  const fs::path directory =
      fs::absolute(options.directory, error).lexically_normal();
  Layout layout =
      LayoutOf(directory.has_filename() ? directory : directory.parent_path());
  ASSIGN_OR_RETURN(layout.trust_anchor, AnchorPath(options.trust_anchor));
  const std::string config = ConfigText(layout, options);
  // What is written must be what the server takes.
  RETURN_IF_ERROR(ParseConfig(config, layout.config.string()));
  RETURN_IF_ERROR(RefuseExisting(layout));
  ASSIGN_OR_RETURN(const NewIdentity identity, MakeIdentity(options.names));
  RETURN_IF_ERROR(MakeDirectory(directory, 0755));
  RETURN_IF_ERROR(MakeDirectory(layout.ca.parent_path(), 0755));
  if (directory != kSystemDirectory) {
    RETURN_IF_ERROR(MakeDirectory(layout.audit, 0700));
  }
  RETURN_IF_ERROR(WriteSecrets(layout, identity));
  RETURN_IF_ERROR(WriteNewFile(layout.ca, AsBytes(identity.ca_pem), 0644));
  RETURN_IF_ERROR(
      WriteNewFile(layout.certificate, AsBytes(identity.server_pem), 0644));
  RETURN_IF_ERROR(WriteNewFile(layout.config, AsBytes(config), 0644));
  return AgentText(layout, options);
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
// How an AdminClient finds its server and connects.
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "cli/admin_channel_client.h"
#include "cli/client_certificate.h"
#include "cli/server_address.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/unique_fd.h"

namespace tdxvfs::cli {
namespace {

namespace wire = tdxvfs::admin::v1;

// A list of audit records carries the quote of each.
constexpr int kMaxAnswer = 64 * 1024 * 1024;  // bytes
constexpr std::size_t kMaxPemFile = 64UL * 1024;

grpc::ChannelArguments ClientArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswer);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

// A server hangs up on callers that it does not let administer; asking the
// kernel who listens (SO_PEERCRED) tells them why.
Result<void> CheckOwner(const UniqueFd& connection, const std::string& name) {
  ucred server{};
  socklen_t size = sizeof(server);
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &server, &size) !=
      0) {
    return SystemError(Reason::kInternal, name + ": SO_PEERCRED", errno);
  }
  if (::geteuid() != 0 && ::geteuid() != server.uid) {
    return Error(Reason::kPermission,
                 name + ": only root and the server's own user (uid " +
                     std::to_string(server.uid) + ") may administer");
  }
  return {};
}

// Connects once by hand: gRPC's own words for a missing socket and for a
// forbidden one are the same.
Result<void> CheckReachable(const std::filesystem::path& socket_path) {
  const std::string name = "admin socket '" + socket_path.string() + "'";
  UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.valid()) {
    return SystemError(Reason::kInternal, "socket", errno);
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_path.string();
  if (path.size() >= sizeof(address.sun_path)) {
    return Error(Reason::kUsage, name + ": the path is too long for a socket");
  }
  std::copy(path.begin(), path.end(), &address.sun_path[0]);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
    const Reason reason = errno == EACCES || errno == EPERM
                              ? Reason::kPermission
                              : Reason::kServerUnreachable;
    return SystemError(reason, name, errno);
  }
  return CheckOwner(probe, name);
}

}  // namespace

Result<AdminClient> AdminClient::Connect(const std::filesystem::path& socket) {
  RETURN_IF_ERROR(CheckReachable(socket));
  auto channel = std::make_unique<Channel>();
  // The socket's owner and mode protect it; the server asks the kernel who
  // calls (SO_PEERCRED).
  channel->stub = wire::Administration::NewStub(grpc::CreateCustomChannel(
      "unix:" + socket.string(), grpc::InsecureChannelCredentials(),
      ClientArguments()));
  return AdminClient(std::move(channel));
}

Result<AdminClient> AdminClient::ConnectTls(const ServerAddress& server) {
  grpc::SslCredentialsOptions options;
  ASSIGN_OR_RETURN(options.pem_root_certs,
                   ReadConfigFile(server.files.ca, kMaxPemFile));
  ASSIGN_OR_RETURN(options.pem_cert_chain,
                   ReadConfigFile(server.files.certificate, kMaxPemFile));
  ASSIGN_OR_RETURN(const Secret key,
                   ReadSecretFile(server.files.key, kMaxPemFile));
  RETURN_IF_ERROR(CheckClientCertificate(server.files, options.pem_cert_chain,
                                         key,
                                         std::chrono::system_clock::now()));
  options.pem_private_key = AsText(key.Reveal());
  auto credentials = grpc::SslCredentials(options);
  WipeString(options.pem_private_key);
  auto channel = std::make_unique<Channel>();
  channel->stub = wire::Administration::NewStub(grpc::CreateCustomChannel(
      server.host_port, credentials, ClientArguments()));
  channel->certificate = server.files.certificate;
  return AdminClient(std::move(channel));
}

Result<AdminClient> AdminClient::ConnectTo(std::string_view server_option) {
  ASSIGN_OR_RETURN(const ServerAddress server, FindServer(server_option));
  return server.remote() ? ConnectTls(server) : Connect(server.socket);
}

}  // namespace tdxvfs::cli

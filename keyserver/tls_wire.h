// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_TLS_WIRE_H_
#define TDXVFS_KEYSERVER_TLS_WIRE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/security/server_credentials.h>

#include "common/result.h"
#include "common/secret.h"
#include "keyserver/tls_identity.h"

namespace tdxvfs::keyserver {

// What a TLS port shows, and which authorities it believes of its clients; can
// be replaced while the port serves. Thread-safe.
class ServedIdentity {
 public:
  // All that can fail of an exchange, so that several ports can be given what
  // is new together or not at all.
  struct Shown {
    std::string certificate_pem;
    Secret key_pem;             // with a NUL at its end, as gRPC wants it
    std::string client_ca_pem;  // empty: clients show no certificate
  };
  // Fails with kInternal.
  static Result<Shown> Prepare(const TlsIdentity& identity,
                               std::string client_ca_pem = "");

  explicit ServedIdentity(Shown shown) : shown_(std::move(shown)) {}

  // Handshakes that begin from now on use this; open connections live on.
  void Replace(Shown shown);

  // Calls `use` when there is something newer than `seen`, and sets `seen`.
  using Use =
      std::function<void(const char* certificate_pem, const char* key_pem,
                         const char* client_ca_pem)>;
  bool UseNewer(std::uint64_t* seen, const Use& use) const;

 private:
  mutable std::mutex mutex_;
  Shown shown_;
  std::uint64_t number_ = 1;
};

// Asked for each call of a client that showed a certificate: the method's full
// name ("/package.Service/Method") and the client's leaf as PEM. A failure is
// answered with PERMISSION_DENIED and its text.
using Gate = std::function<Result<void>(std::string_view method,
                                        const std::string& leaf_pem)>;

// Credentials of a TLS port. With AllowOnlyTls13 they take TLS 1.3 only. With
// a gate every client must show a certificate of the identity's authorities.
std::shared_ptr<grpc::ServerCredentials> TlsCredentials(
    std::shared_ptr<const ServedIdentity> identity, Gate gate = nullptr);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_TLS_WIRE_H_

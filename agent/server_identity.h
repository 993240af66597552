// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_SERVER_IDENTITY_H_
#define TDXVFS_AGENT_SERVER_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "agent/server_address.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::agent {

// What a key server must prove before it is told anything.
struct ServerIdentity {
  ServerAddress address;
  std::string ca_pem;  // empty: pinned by key only
  std::optional<Sha256Digest> spki;
};

// Whether any server could fit at all. Fails with kConfigInvalid when neither
// a CA nor a key is given, or when the CA file holds no certificate.
Result<void> CheckCanIdentify(const ServerIdentity& expected);

// Checks the certificates that the server presented (PEM, leaf first): the
// leaf is within its dates and made out to the host that was called; it leads
// to a certificate of `ca_pem` where there is one; its key is the pinned one
// where there is one. Fails with kServerIdentity, or as
// CheckCanIdentify does.
Result<void> CheckServerIdentity(const ServerIdentity& expected,
                                 std::string_view chain_pem);

// SHA-256 of the DER of the first certificate in a PEM text. Fails with
// kServerIdentity.
Result<Sha256Digest> CertificateDigest(std::string_view pem);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_SERVER_IDENTITY_H_

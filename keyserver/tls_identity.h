// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_TLS_IDENTITY_H_
#define TDXVFS_KEYSERVER_TLS_IDENTITY_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/secret.h"
#include "keyserver/leaf_certificate.h"

namespace tdxvfs::keyserver {

// The certificate chain and key that the server shows to guests.
struct TlsIdentity {
  std::string certificate_pem;
  Secret key_pem;
  LeafCertificate leaf;

  // `key` is a path or credential:NAME. Fails with kConfigInvalid or
  // kConfigMissing, also when key and certificate are no pair: gRPC would
  // then refuse every connection without a word.
  static Result<TlsIdentity> Load(const std::filesystem::path& certificate,
                                  std::string_view key);
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_TLS_IDENTITY_H_

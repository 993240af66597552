// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_TLS_IDENTITY_H_
#define TDXVFS_KEYSERVER_TLS_IDENTITY_H_

#include <string>

#include "common/result.h"
#include "common/secret.h"
#include "keyserver/configured_file.h"
#include "keyserver/leaf_certificate.h"

namespace tdxvfs::keyserver {

// The certificate chain and key that the server shows to guests.
struct TlsIdentity {
  std::string certificate_pem;
  Secret key_pem;
  LeafCertificate leaf;

  // Fails with kConfigInvalid or kConfigMissing, also when key and certificate
  // are no pair: gRPC would then refuse every connection without a word.
  static Result<TlsIdentity> Load(const ConfiguredFile& certificate,
                                  const ConfiguredFile& key);
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_TLS_IDENTITY_H_

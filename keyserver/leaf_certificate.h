// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_LEAF_CERTIFICATE_H_
#define TDXVFS_KEYSERVER_LEAF_CERTIFICATE_H_

#include <chrono>
#include <string_view>

#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::keyserver {

// What counts of a certificate that the server shows.
struct LeafCertificate {
  Sha256Digest sha256{};  // of its DER
  std::chrono::system_clock::time_point expires;
};

// Reads the first certificate of a PEM chain. Fails with kConfigInvalid.
Result<LeafCertificate> ReadLeafCertificate(std::string_view pem);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_LEAF_CERTIFICATE_H_

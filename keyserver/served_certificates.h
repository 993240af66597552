// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_
#define TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_

#include <string_view>

#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::keyserver {

// The digests of the leaf certificates that open connections may have been
// made with. A guest names the certificate that it sees; any other means that
// somebody stands between (A3). One certificate serves from start to end, so
// one digest is enough. Immutable.
class ServedCertificates {
 public:
  // Takes the first certificate of a PEM chain. Fails with kConfigInvalid.
  static Result<ServedCertificates> FromPemChain(std::string_view pem);
  explicit ServedCertificates(const Sha256Digest& leaf) : leaf_(leaf) {}

  bool Accepts(const Sha256Digest& digest) const { return digest == leaf_; }
  const Sha256Digest& current() const { return leaf_; }

 private:
  Sha256Digest leaf_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_
#define TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_

#include <chrono>
#include <mutex>
#include <vector>

#include "common/clock.h"
#include "common/sha256.h"

namespace tdxvfs::keyserver {

// The digests of the leaf certificates that open connections may have been
// made with. A guest names the certificate that it sees; any other means that
// somebody stands between (A3). gRPC does not tell which certificate a
// connection was made with, so one that was replaced counts for as long as a
// connection can live. Thread-safe.
class ServedCertificates {
 public:
  // `longest_connection`: how long a connection may live.
  ServedCertificates(const Sha256Digest& leaf,
                     std::chrono::steady_clock::duration longest_connection,
                     const Clock* clock)
      : longest_connection_(longest_connection), clock_(clock), leaf_(leaf) {}

  // From now on new connections see this certificate.
  void Replace(const Sha256Digest& leaf);
  bool Accepts(const Sha256Digest& digest) const;
  Sha256Digest current() const;

 private:
  struct Replaced {
    Sha256Digest leaf{};
    std::chrono::steady_clock::time_point until;
  };

  const std::chrono::steady_clock::duration longest_connection_;
  const Clock* const clock_;
  mutable std::mutex mutex_;
  Sha256Digest leaf_;
  std::vector<Replaced> replaced_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SERVED_CERTIFICATES_H_

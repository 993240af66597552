// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_TEST_AUTHORITY_H_
#define TDXVFS_TESTS_FAKES_TEST_AUTHORITY_H_

#include <string>
#include <vector>

#include "common/owned_openssl.h"
#include "common/sha256.h"

namespace tdxvfs::testing {

// A TLS server's or client's certificate with its key, PEM.
struct ServerCertificate {
  std::string certificate_pem;
  std::string key_pem;
  Sha256Digest certificate_digest{};  // of the DER
  Sha256Digest spki_digest{};
};

// What stands in a certificate; times in seconds from now.
struct CertificateWish {
  std::string names = "DNS:localhost,IP:127.0.0.1";  // subjectAltName
  long not_before = -3600;
  long not_after = 3600;
  std::string extended_key_usage = "serverAuth";
  std::string common_name = "server";
};

// A certificate authority with a new P-256 key. Ends the program when OpenSSL
// fails: nothing of a test could go on.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");
  const std::string& certificate_pem() const { return certificate_pem_; }
  ServerCertificate Issue(const CertificateWish& wish = {}) const;
  // A list that revokes these certificates (PEM); seconds from now until when
  // it counts.
  std::string RevocationList(const std::vector<std::string>& revoked,
                             long next_update = 3600) const;

 private:
  EvpPkeyPtr key_;
  X509Ptr certificate_;
  std::string certificate_pem_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_TEST_AUTHORITY_H_

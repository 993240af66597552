// SPDX-License-Identifier: Apache-2.0
#include "keyserver/leaf_certificate.h"

#include <time.h>

#include <openssl/pem.h>

#include "common/clock.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::keyserver {

Result<LeafCertificate> ReadLeafCertificate(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) {
    return OpensslError(Reason::kConfigInvalid, "read server certificate");
  }
  LeafCertificate read;
  unsigned int size = 0;
  // X509_digest hashes the DER encoding.
  if (X509_digest(leaf.get(), EVP_sha256(), read.sha256.data(), &size) != 1 ||
      size != read.sha256.size()) {
    return OpensslError(Reason::kInternal, "hash server certificate");
  }
  tm expires{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &expires) != 1) {
    return OpensslError(Reason::kConfigInvalid,
                        "read the date of the server certificate");
  }
  read.expires = NearestTime(
      std::chrono::sys_seconds(std::chrono::seconds(timegm(&expires))));
  return read;
}

}  // namespace tdxvfs::keyserver

// SPDX-License-Identifier: Apache-2.0
#include "keyserver/served_certificates.h"

#include <openssl/pem.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::keyserver {

Result<ServedCertificates> ServedCertificates::FromPemChain(
    std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) {
    return OpensslError(Reason::kConfigInvalid, "read server certificate");
  }
  Sha256Digest digest{};
  unsigned int size = 0;
  // X509_digest hashes the DER encoding.
  if (X509_digest(leaf.get(), EVP_sha256(), digest.data(), &size) != 1 ||
      size != digest.size()) {
    return OpensslError(Reason::kInternal, "hash server certificate");
  }
  return ServedCertificates(digest);
}

}  // namespace tdxvfs::keyserver

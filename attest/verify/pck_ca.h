// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_CA_H_
#define TDXVFS_ATTEST_VERIFY_PCK_CA_H_

#include <memory>

#include "attest/verify/certificate.h"
#include "attest/verify/pem_chain.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::verify {

// An intermediate that the anchor signed: everything about it that does not
// depend on the time. Immutable, shared between threads.
struct PckCa {
  Certificate certificate;
  bool is_platform_ca = false;  // else the Processor CA
  Sha256Digest identity{};      // SubjectAndKeyDigest
};

// Checks a PCK Platform or Processor CA by name, profile and signature. One
// that held before is remembered inside the anchor: the quote's chain and the
// PCK CRL's carry the same. Fails with kQuoteInvalid or kInternal.
Result<std::shared_ptr<const PckCa>> VerifyPckCa(const Der& der,
                                                 const TrustAnchor& anchor);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_CA_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_CHAIN_SOURCE_H_
#define TDXVFS_ATTEST_VERIFY_PCK_CHAIN_SOURCE_H_

#include <string>

#include "attest/pck_cert_id.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Where VerifyQuote gets the PCK chain of a quote that names its certificate
// instead of carrying it. What comes back is believed no more than a chain
// inside a quote: its key must have signed the QE report. Nothing of the quote
// has been proved when this is asked, so an implementation bounds what it does
// for strangers. Thread-safe; outlives the call.
class PckChainSource {
 public:
  virtual ~PckChainSource() = default;
  // PEM: leaf, intermediate, root. Fails with kCollateralUnavailable (there is
  // none, or it cannot be asked for now) or kInternal.
  virtual Result<std::string> Find(const attest::PckCertId& id) = 0;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_CHAIN_SOURCE_H_

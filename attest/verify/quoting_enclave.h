// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_QUOTING_ENCLAVE_H_
#define TDXVFS_ATTEST_VERIFY_QUOTING_ENCLAVE_H_

#include "attest/quote.h"
#include "attest/verify/p256.h"
#include "attest/verify/pck_chain.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

// A quoting enclave that a PCK leaf certified: its report is signed by the leaf
// and vouches for this key. Whether the enclave may be trusted is asked of
// collateral, the leaf's dates and revocation at each use.
struct QuotingEnclave {
  P256Key attestation_key;
};

// Digest of every byte that such a finding rests on: the chain, QE report and
// its signature, attestation key and authentication data. Fails with kInternal.
Result<Sha256Digest> EnclaveDigest(const PckChain& chain,
                                   const attest::Quote& quote);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_QUOTING_ENCLAVE_H_

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/quoting_enclave.h"

namespace tdxvfs::verify {

Result<Sha256Digest> EnclaveDigest(const PckChain& chain,
                                   const attest::Quote& quote) {
  return LengthPrefixed()
      .Add(chain.digest)
      .Add(quote.qe_report_bytes)
      .Add(quote.qe_report_signature)
      .Add(quote.attestation_key)
      .Add(quote.qe_authentication_data)
      .Sha256();
}

}  // namespace tdxvfs::verify

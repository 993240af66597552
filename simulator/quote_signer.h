// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_QUOTE_SIGNER_H_
#define TDXVFS_SIMULATOR_QUOTE_SIGNER_H_

#include <cstdint>
#include <span>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/certification_data.h"
#include "simulator/pki.h"
#include "simulator/quote_parts.h"

namespace tdxvfs::simulator {

// A TD that passes the strict defaults of a policy: SEPT_VE_DISABLE set, no
// other attribute; measurements zero but mr_seam.
attest::TdReport GoodTdReport();

// An enclave in production mode, 64 bit, with measurements that are not zero.
attest::SgxReport GoodSgxReport();

// A pretend quoting enclave, for TDs or for SGX enclaves, with an attestation
// key of its own.
class QuoteSigner {
 public:
  // `certification_type` as MakeCertificationData takes it.
  static Result<QuoteSigner> Create(
      const Pki& pki, attest::Tee tee = attest::Tee::kTdx,
      std::uint16_t certification_type = kPemPckChain);

  // A signed quote in pieces. Version 4 has a TD report 1.0, version 5 a 1.5
  // one, with SVN 2 as the SVN and MRSERVICETD zero where `report` does not set
  // them. Any other version, or a signer for SGX, is kUsage.
  Result<QuoteParts> Parts(std::uint16_t version,
                           attest::TdReport report) const;
  // The same of an enclave, in version 3, 4 or 5, by a signer for SGX.
  Result<QuoteParts> Parts(std::uint16_t version,
                           const attest::SgxReport& report) const;
  // The same as bytes.
  Result<Bytes> Sign(std::uint16_t version,
                     const attest::TdReport& report) const;
  Result<Bytes> Sign(std::uint16_t version,
                     const attest::SgxReport& report) const;

  attest::Tee tee() const { return tee_; }

  EVP_PKEY* attestation_key() const { return attestation_key_.get(); }

 private:
  Result<QuoteParts> SignedParts(std::uint16_t version, Bytes body) const;

  attest::Tee tee_ = attest::Tee::kTdx;
  EvpPkeyPtr attestation_key_;
  // All but body and its signature, made once.
  QuoteParts certified_;
};

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_QUOTE_SIGNER_H_

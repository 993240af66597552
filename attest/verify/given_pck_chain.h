// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_GIVEN_PCK_CHAIN_H_
#define TDXVFS_ATTEST_VERIFY_GIVEN_PCK_CHAIN_H_

#include <string>
#include <utility>

#include "attest/verify/pck_chain_source.h"

namespace tdxvfs::verify {

// A source with one chain, whatever certificate is asked for: a quote of
// another platform is refused by the checks that compare the two. For commands
// and tests that are handed a chain.
class GivenPckChain : public PckChainSource {
 public:
  explicit GivenPckChain(std::string pem) : pem_(std::move(pem)) {}

  Result<std::string> Find(const attest::PckCertId& /*id*/) override {
    return pem_;
  }

 private:
  const std::string pem_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_GIVEN_PCK_CHAIN_H_

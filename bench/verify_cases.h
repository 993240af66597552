// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_VERIFY_CASES_H_
#define TDXVFS_BENCH_VERIFY_CASES_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "attest/verify/verify_quote.h"
#include "simulator/der_writer.h"

namespace tdxvfs {

// One quote, its collateral and when to judge them.
struct VerifyCase {
  std::string name;
  simulator::Bytes quote;
  verify::CollateralDocuments documents;
  std::chrono::system_clock::time_point at;
  std::string root_pem;
};

// A real quote with real collateral out of TDXVFS_TESTDATA, or, where that is
// not set, what the simulator signs.
VerifyCase MakeVerifyCase();

// Hands out one set, verified at once or anew at each call.
class OneSet : public verify::CollateralSource {
 public:
  OneSet(const verify::CollateralDocuments& documents,
         const verify::TrustAnchor& anchor, bool anew);
  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override;

 private:
  const verify::CollateralDocuments& documents_;
  const verify::TrustAnchor& anchor_;
  const bool anew_;
  std::shared_ptr<const verify::Collateral> ready_;
};

// Parses and verifies; ends the program when the quote is not genuine.
void VerifyOrDie(const simulator::Bytes& quote, const verify::Judging& judging);

}  // namespace tdxvfs

#endif  // TDXVFS_BENCH_VERIFY_CASES_H_

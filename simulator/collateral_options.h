// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_COLLATERAL_OPTIONS_H_
#define TDXVFS_SIMULATOR_COLLATERAL_OPTIONS_H_

#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/result.h"
#include "simulator/collateral_spec.h"
#include "simulator/pki.h"

namespace tdxvfs::simulator {

// What the command line can say about collateral; empty words and zero leave
// the good defaults.
struct CollateralOptions {
  std::string tee = "tdx";                // or "sgx"
  unsigned tcb_info_version = 3;          // 2: SGX only
  std::string status;                     // of the platform's level
  std::string module_status;              // of the TDX module's level
  std::string qe_status;                  // of the quoting enclave's level
  std::string tcb_date;                   // of these three levels
  std::vector<std::string> advisory_ids;  // of the platform's level
  unsigned evaluation_number = 0;         // of TCB info and QE identity
  std::string at;                         // the time they are made for; now
  std::string next_update;                // of every document and CRL
  std::vector<std::string> revoke;  // "leaf", "intermediate", "tcb-signing"
  // Of the platform's level in what a caching service gives early; as `status`.
  std::string early_status;
};

// "tdx" or "sgx"; any other word is kUsage.
Result<attest::Tee> ParseTee(const std::string& word);

// `YYYY-MM-DDThh:mm:ssZ`; any other form is kUsage naming the option.
Result<std::chrono::system_clock::time_point> ParseTime(
    const std::string& option, const std::string& text);

// A good set for the platform of this PKI's leaf, changed as asked. Fails with
// kUsage naming the option.
Result<CollateralSpec> CollateralSpecFromOptions(
    const Pki& pki, const CollateralOptions& options);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_COLLATERAL_OPTIONS_H_

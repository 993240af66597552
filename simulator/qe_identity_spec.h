// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_QE_IDENTITY_SPEC_H_
#define TDXVFS_SIMULATOR_QE_IDENTITY_SPEC_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/signed_json.h"
#include "simulator/tcb_info_spec.h"

namespace tdxvfs::simulator {

// What an enclave identity document says (Intel PCS API v4). The default made
// by GoodQeIdentitySpec is a good one; tests change one thing at a time.
struct QeIdentitySpec {
  std::string id = "TD_QE";
  unsigned version = 2;
  std::chrono::system_clock::time_point issue_date;
  std::chrono::system_clock::time_point next_update;
  unsigned evaluation_number = 20;
  attest::ByteArray<4> misc_select{};
  attest::ByteArray<4> misc_select_mask = {0xff, 0xff, 0xff, 0xff};
  // INIT and PROVISION_KEY set, DEBUG and the rest of the flags clear.
  attest::ByteArray<16> attributes = {0x11};
  attest::ByteArray<16> attributes_mask = {0xfb, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff};
  attest::ByteArray<32> mr_signer{};
  std::uint16_t isv_prod_id = 0;
  std::vector<IsvLevelSpec> levels;
  SigningSpec signing;
};

// Of the pretend quoting enclave (QuoteSigner): its SVN 6 is UpToDate, 4 is
// OutOfDate.
QeIdentitySpec GoodQeIdentitySpec(attest::Tee tee,
                                  std::chrono::system_clock::time_point now);

// `{"enclaveIdentity":{...},"signature":"..."}`.
Result<std::string> MakeQeIdentity(const QeIdentitySpec& spec, EVP_PKEY* key);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_QE_IDENTITY_SPEC_H_

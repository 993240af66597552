// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_TCB_INFO_SPEC_H_
#define TDXVFS_SIMULATOR_TCB_INFO_SPEC_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/sgx_extension.h"
#include "simulator/signed_json.h"

namespace tdxvfs::simulator {

// What every level of a document carries. Words are written as they stand,
// right or wrong.
struct OutcomeSpec {
  std::string date = "2025-08-13T00:00:00Z";
  std::string status = "UpToDate";
  std::vector<std::string> advisory_ids;  // no member when empty
};

struct PlatformLevelSpec {
  attest::ByteArray<16> sgx_components{};
  std::uint16_t pce_svn = 0;
  attest::ByteArray<16> tdx_components{};  // TDX documents only
  OutcomeSpec outcome;
};

struct IsvLevelSpec {
  std::uint16_t isv_svn = 0;
  OutcomeSpec outcome;
};

// Zero signer and attributes with a full mask, as for Intel's modules.
struct TdxModuleSpec {
  attest::ByteArray<48> mr_signer{};
  attest::ByteArray<8> attributes{};
  attest::ByteArray<8> attributes_mask = {0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff};
};

struct TdxModuleIdentitySpec {
  std::string id = "TDX_01";
  TdxModuleSpec module;
  std::vector<IsvLevelSpec> levels;
};

// What a TCB info document says (Intel PCS API v4). The default made by
// GoodTcbInfoSpec is a good one; tests change one thing at a time.
struct TcbInfoSpec {
  attest::Tee tee = attest::Tee::kTdx;
  unsigned version = 3;  // 2 writes the older form of SGX documents
  std::chrono::system_clock::time_point issue_date;
  std::chrono::system_clock::time_point next_update;
  attest::ByteArray<6> fmspc{};
  attest::ByteArray<2> pce_id{};
  unsigned tcb_type = 0;
  unsigned evaluation_number = 20;
  std::optional<TdxModuleSpec> tdx_module;
  std::vector<TdxModuleIdentitySpec> tdx_module_identities;
  std::vector<PlatformLevelSpec> levels;
  SigningSpec signing;
};

// For this platform, issued a day before `now`, good for 30 days. Its highest
// level is the platform's own and UpToDate, as is SVN 7 of TDX module 1; below
// are an OutOfDate level for one microcode SVN less, SVN 4 of the module, and a
// level for an old PCE.
TcbInfoSpec GoodTcbInfoSpec(attest::Tee tee, const Platform& platform,
                            std::chrono::system_clock::time_point now);

// `{"tcbInfo":{...},"signature":"..."}`.
Result<std::string> MakeTcbInfo(const TcbInfoSpec& spec, EVP_PKEY* key);

// Parts that other documents have too: `"tcbLevels":[...]` of enclaves and
// modules, without the member's name.
std::string IsvLevelsJson(const std::vector<IsvLevelSpec>& levels);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_TCB_INFO_SPEC_H_

// SPDX-License-Identifier: Apache-2.0
#include "simulator/collateral_spec.h"

#include <sys/types.h>

#include <array>
#include <span>
#include <system_error>
#include <utility>

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::simulator {
namespace {

using std::chrono::hours;

constexpr mode_t kCollateralFileMode = 0644;

}  // namespace

CollateralSpec GoodCollateralSpec(attest::Tee tee, const Platform& platform,
                                  std::chrono::system_clock::time_point now) {
  CollateralSpec spec;
  spec.tcb_info = GoodTcbInfoSpec(tee, platform, now);
  spec.qe_identity = GoodQeIdentitySpec(tee, now);
  spec.root_ca_crl.this_update = now - hours(24 * 30);
  spec.root_ca_crl.next_update = now + hours(24 * 335);
  spec.pck_crl.this_update = now - hours(24);
  spec.pck_crl.next_update = now + hours(24 * 29);
  return spec;
}

Result<Collateral> MakeCollateral(const Pki& pki, const CollateralSpec& spec) {
  Collateral made;
  ASSIGN_OR_RETURN(made.tcb_info,
                   MakeTcbInfo(spec.tcb_info, pki.tcb_signing_key()));
  ASSIGN_OR_RETURN(made.qe_identity,
                   MakeQeIdentity(spec.qe_identity, pki.tcb_signing_key()));
  ASSIGN_OR_RETURN(made.tcb_signing_chain, pki.TcbSigningChainPem());
  ASSIGN_OR_RETURN(made.root_ca_crl,
                   MakeCrl(spec.root_ca_crl, {pki.root(), pki.root_key()}));
  ASSIGN_OR_RETURN(
      made.pck_crl,
      MakeCrl(spec.pck_crl, {pki.intermediate(), pki.intermediate_key()}));
  ASSIGN_OR_RETURN(made.pck_crl_issuer_chain, pki.PckCaChainPem());
  return made;
}

Result<void> SaveCollateral(const Collateral& collateral,
                            const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error(Reason::kPermission,
                 "create '" + folder.string() + "': " + error.message());
  }
  const std::array<std::pair<const char*, std::span<const std::uint8_t>>, 6>
      files = {
          {{"tcb_info.json", AsBytes(collateral.tcb_info)},
           {"tcb_signing_chain.pem", AsBytes(collateral.tcb_signing_chain)},
           {"qe_identity.json", AsBytes(collateral.qe_identity)},
           {"root_ca_crl.der", collateral.root_ca_crl},
           {"pck_crl.der", collateral.pck_crl},
           {"pck_crl_issuer_chain.pem",
            AsBytes(collateral.pck_crl_issuer_chain)}}};
  for (const auto& [name, content] : files) {
    RETURN_IF_ERROR(ReplaceFile(folder / name, content, kCollateralFileMode));
  }
  return {};
}

}  // namespace tdxvfs::simulator

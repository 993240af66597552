// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COLLATERAL_FOLDER_H_
#define TDXVFS_CLI_COLLATERAL_FOLDER_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "attest/verify/collateral.h"
#include "attest/verify/pck_chain_source.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::cli {

// Files to read instead of those in the folder, by member: tcb_info,
// tcb_signing_chain, qe_identity, root_ca_crl, pck_crl, pck_crl_issuer_chain,
// pck_cert_chain.
using CollateralOverrides = std::map<std::string, std::filesystem::path>;

// Reads a set from a folder: tcb_info.json, tcb_signing_chain.pem,
// qe_identity.json, root_ca_crl.der, pck_crl.der, pck_crl_issuer_chain.pem.
// Nothing in it is looked at. Fails as ReadFile does, and with kFileInvalid for
// an override that is no member.
Result<verify::CollateralDocuments> ReadCollateralFolder(
    const std::filesystem::path& folder, const CollateralOverrides& overrides);

// Where the folder (or an override) has a pck_cert_chain.pem: the chain of one
// platform, for quotes that name their PCK certificate instead of carrying it.
// Null where it has none. Fails as ReadFile does.
Result<std::unique_ptr<verify::PckChainSource>> ReadPckCertChain(
    const std::filesystem::path& folder, const CollateralOverrides& overrides);

// Writes one there. Fails as ReplaceFile does.
Result<void> WritePckCertChain(const std::filesystem::path& folder,
                               const std::string& pem);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COLLATERAL_FOLDER_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SET_DIRECTORY_H_
#define TDXVFS_COLLATERAL_SET_DIRECTORY_H_

#include <filesystem>

#include "attest/verify/collateral.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// A set as six files in a directory: tcb_info.json, tcb_signing_chain.pem,
// qe_identity.json, root_ca_crl.der, pck_crl.der, pck_crl_issuer_chain.pem.
// Other files in it do not count.

// Whether there is a tcb_info.json.
bool IsSetDirectory(const std::filesystem::path& directory);

// Reads the six files, each within its cap. Fails as ReadFile does.
Result<verify::CollateralDocuments> ReadSetDirectory(
    const std::filesystem::path& directory);

// Makes the directory (not those above it) where it is missing and replaces the
// six files, one after the other. Fails as ReplaceFile does.
Result<void> WriteSetDirectory(const std::filesystem::path& directory,
                               const verify::CollateralDocuments& documents);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_SET_DIRECTORY_H_

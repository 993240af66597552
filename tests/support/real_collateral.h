// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_REAL_COLLATERAL_H_
#define TDXVFS_TESTS_SUPPORT_REAL_COLLATERAL_H_

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "attest/verify/collateral.h"
#include "tests/support/test_data.h"

namespace tdxvfs::testing {

inline std::string ReadText(const std::filesystem::path& path) {
  return ReadFile(path, std::size_t{8} << 20U).value();
}

// A set as it lies in a folder below collateral/.
inline verify::CollateralDocuments ReadCollateral(
    const std::filesystem::path& folder) {
  return {
      .tcb_info = ReadText(folder / "tcb_info.json"),
      .tcb_signing_chain = ReadText(folder / "tcb_signing_chain.pem"),
      .qe_identity = ReadText(folder / "qe_identity.json"),
      .root_ca_crl = ReadBytes(folder / "root_ca_crl.der"),
      .pck_crl = ReadBytes(folder / "pck_crl.der"),
      .pck_crl_issuer_chain = ReadText(folder / "pck_crl_issuer_chain.pem")};
}

// Every real set, in the order of names.
inline std::vector<std::filesystem::path> RealCollateralFolders() {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry :
       std::filesystem::directory_iterator(TestDataFolder() / "collateral")) {
    folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_REAL_COLLATERAL_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_OFFLINE_BUNDLE_H_
#define TDXVFS_COLLATERAL_OFFLINE_BUNDLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::collateral {

inline constexpr std::size_t kMaxBundle = std::size_t{32} * 1024 * 1024;
inline constexpr std::size_t kMaxSets = 256;

// Sets in one file, to carry to a machine without a network: one JSON object
//   {"version":1,"sets":[{"tee":"tdx","fmspc":"00806f050000",
//     "ca":"platform","update":"standard","tcb_info":"...",
//     "tcb_signing_chain":"...","qe_identity":"...","root_ca_crl":"<hex>",
//     "pck_crl":"<hex>","pck_crl_issuer_chain":"..."}]}
// Documents and PEM chains are JSON strings, so that every signed byte comes
// back as it was; CRLs are the hex of their DER.
std::string BundleText(const std::vector<NamedSet>& sets);

// Reads a bundle of 1 to kMaxSets sets. Doubled, unknown and missing members, a
// set that stands twice and members above their caps are refused. Nothing of it
// is verified. Fails with kFileInvalid naming set and member.
Result<std::vector<NamedSet>> ParseBundle(std::string_view text);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_OFFLINE_BUNDLE_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_ANSWER_ENCODING_H_
#define TDXVFS_COLLATERAL_ANSWER_ENCODING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::collateral {

// The PEM text of an issuer-chain header: %XX is decoded and nothing else, for
// a '+' is a letter of base64 here (Intel PCS API v4, response headers). At
// most verify::kMaxIssuerChain bytes. Fails with kCollateralInvalid.
Result<std::string> DecodeIssuerChain(std::string_view header);

// The DER of a CRL that came as DER, PEM or hex text: the services differ (PCS
// has PEM and DER, the caching service answers rootcacrl with hex). Nothing
// but white space may stand around PEM and hex. Whether the DER is a CRL is
// not looked at. Fails with kCollateralInvalid.
Result<std::vector<std::uint8_t>> DecodeCrl(std::string_view body);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_ANSWER_ENCODING_H_

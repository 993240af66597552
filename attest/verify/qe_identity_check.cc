// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/qe_identity_check.h"

#include <string>
#include <string_view>

#include "attest/verify/equal_check.h"
#include "attest/verify/masked_bytes.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

template <std::size_t kSize>
attest::Check MaskedCheck(std::string_view name, std::string_view source,
                          const attest::ByteArray<kSize>& expected,
                          const attest::ByteArray<kSize>& mask,
                          const attest::ByteArray<kSize>& actual) {
  return {.name = std::string(name),
          .expected = ToHex(expected) + " under mask " + ToHex(mask),
          .actual = FoundText(actual, mask, expected),
          .passed = Masked(actual, mask) == expected,
          .source = source};
}

}  // namespace

attest::Checks CheckQeIdentity(const attest::SgxReport& qe_report,
                               const QeIdentity& identity) {
  return ChecksOf(
      EqualCheck("QE MRSIGNER", ToHex(identity.mr_signer),
                 ToHex(qe_report.mr_signer),
                 "Intel PCS API v4, enclave identity: mrsigner"),
      EqualCheck("QE ISVPRODID", std::to_string(identity.isv_prod_id),
                 std::to_string(qe_report.isv_prod_id),
                 "Intel PCS API v4, enclave identity: isvprodid"),
      MaskedCheck("QE MISCSELECT",
                  "Intel PCS API v4, enclave identity: miscselectMask",
                  identity.misc_select, identity.misc_select_mask,
                  qe_report.misc_select),
      MaskedCheck(
          "QE ATTRIBUTES", "Intel PCS API v4, enclave identity: attributesMask",
          identity.attributes, identity.attributes_mask, qe_report.attributes));
}

}  // namespace tdxvfs::verify

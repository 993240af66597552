// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tdx_module.h"

#include <algorithm>
#include <span>
#include <string>

#include "attest/verify/equal_check.h"
#include "attest/verify/masked_bytes.h"
#include "attest/verify/platform_level.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

std::string ModuleId(std::uint8_t major_version) {
  return "TDX_" + ToHex(std::span(&major_version, 1));
}

std::string KnownIds(const TcbInfo& tcb_info) {
  std::string text;
  for (const TdxModuleIdentity& identity : tcb_info.tdx_module_identities) {
    text += (text.empty() ? "" : ", ") + ModuleId(identity.major_version);
  }
  return text.empty() ? "none" : text;
}

// What the module must be, or null.
const TdxModuleExpectation* ExpectationFor(
    const attest::ByteArray<16>& tee_tcb_svn, const TcbInfo& tcb_info) {
  if (!HasModuleVersion(tee_tcb_svn)) {
    return tcb_info.tdx_module.has_value() ? &*tcb_info.tdx_module : nullptr;
  }
  const TdxModuleIdentity* identity =
      FindModuleIdentity(tcb_info, tee_tcb_svn[1]);
  return identity == nullptr ? nullptr : &identity->expectation;
}

// The document may mask SEAMATTRIBUTES; beyond it none may be set.
attest::Check CheckMaskedAttributes(const attest::TdReport& report,
                                    const TdxModuleExpectation& expected) {
  const auto& mask = expected.attributes_mask;
  const auto demanded = Masked(expected.attributes, mask);
  return {.name = "SEAMATTRIBUTES by TCB info",
          .expected = ToHex(demanded) + " under mask " + ToHex(mask),
          .actual = FoundText(report.seam_attributes, mask, demanded),
          .passed = Masked(report.seam_attributes, mask) == demanded,
          .source = "Intel PCS API v4, TDX TCB info: attributesMask"};
}

}  // namespace

const TdxModuleIdentity* FindModuleIdentity(const TcbInfo& tcb_info,
                                            std::uint8_t major_version) {
  const auto& identities = tcb_info.tdx_module_identities;
  const auto found =
      std::find_if(identities.begin(), identities.end(),
                   [major_version](const TdxModuleIdentity& identity) {
                     return identity.major_version == major_version;
                   });
  return found == identities.end() ? nullptr : &*found;
}

attest::Check CheckModuleVersion(const attest::ByteArray<16>& tee_tcb_svn,
                                 const TcbInfo& tcb_info) {
  attest::Check check;
  check.name = "TDX module version";
  if (!HasModuleVersion(tee_tcb_svn)) {
    check.expected = "a module without a version, as tdxModule describes";
    check.actual = tcb_info.tdx_module.has_value()
                       ? "a module without a version"
                       : "no tdxModule in the TCB info";
    check.passed = tcb_info.tdx_module.has_value();
    check.source = "Intel PCS API v4, TDX TCB info: tdxModule";
    return check;
  }
  check.expected = "one that Intel lists: " + KnownIds(tcb_info);
  check.actual = ModuleId(tee_tcb_svn[1]);
  check.passed = FindModuleIdentity(tcb_info, tee_tcb_svn[1]) != nullptr;
  check.source = "Intel PCS API v4, TDX TCB info: tdxModuleIdentities";
  return check;
}

attest::Checks CheckTdxModule(const attest::TdReport& report,
                              const TcbInfo& tcb_info) {
  attest::Checks checks =
      ChecksOf(CheckModuleVersion(report.tee_tcb_svn, tcb_info));
  const TdxModuleExpectation* expected =
      ExpectationFor(report.tee_tcb_svn, tcb_info);
  if (expected == nullptr) {
    return checks;
  }
  checks.push_back({.name = "MRSIGNERSEAM",
                    .expected = ToHex(expected->mr_signer),
                    .actual = ToHex(report.mr_signer_seam),
                    .passed = report.mr_signer_seam == expected->mr_signer,
                    .source = "Intel PCS API v4, TDX TCB info: mrsigner"});
  checks.push_back(CheckMaskedAttributes(report, *expected));
  const attest::ByteArray<8> none{};
  checks.push_back({.name = "SEAMATTRIBUTES",
                    .expected = ToHex(none),
                    .actual = ToHex(report.seam_attributes),
                    .passed = report.seam_attributes == none,
                    .source =
                        "Intel TDX module ABI: ATTRIBUTES of TEE_TCB_INFO "
                        "are reserved, zero"});
  return checks;
}

}  // namespace tdxvfs::verify

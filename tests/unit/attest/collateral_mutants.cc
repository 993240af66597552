// SPDX-License-Identifier: Apache-2.0
// Good collateral of another time, platform or TEE, and levels that the
// platform does not reach.
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::CollateralSpec;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using verify::CollateralDocuments;

void AddDocumentDates(Mutants& rows) {
  const auto add = [&](const std::string& name, const std::string& failure,
                       const std::function<void(CollateralSpec&)>& change) {
    rows.push_back(CollateralMutant(name, failure, change));
  };
  const auto before = kVectorTime - seconds(1);
  const auto after = kVectorTime + seconds(1);
  add("TcbInfoExpired", "expired",
      [=](auto& s) { s.tcb_info.next_update = before; });
  add("QeIdentityExpired", "expired",
      [=](auto& s) { s.qe_identity.next_update = before; });
  add("RootCrlExpired", "expired",
      [=](auto& s) { s.root_ca_crl.next_update = before; });
  add("PckCrlExpired", "expired",
      [=](auto& s) { s.pck_crl.next_update = before; });
  // A clock may be five minutes behind the one that signs documents.
  const auto soon = kVectorTime + minutes(5) + seconds(1);
  add("TcbInfoNotYetValid", "not-yet-valid",
      [=](auto& s) { s.tcb_info.issue_date = soon; });
  add("QeIdentityNotYetValid", "not-yet-valid",
      [=](auto& s) { s.qe_identity.issue_date = soon; });
  add("RootCrlNotYetValid", "not-yet-valid",
      [=](auto& s) { s.root_ca_crl.this_update = after; });
  add("PckCrlNotYetValid", "not-yet-valid",
      [=](auto& s) { s.pck_crl.this_update = after; });
}

// The same evidence at another time.
void AddClocks(Mutants& rows) {
  const auto at = [&](const std::string& name, const std::string& failure,
                      std::chrono::system_clock::time_point now) {
    Mutant mutant = CollateralMutant(name, failure, [](CollateralSpec&) {});
    mutant.now = now;
    rows.push_back(std::move(mutant));
  };
  at("AMonthLater", "expired", kVectorTime + hours(24 * 30));
  at("TwoDaysEarlier", "not-yet-valid", kVectorTime - hours(24 * 2));
  at("AtTheEpoch", "not-yet-valid", std::chrono::system_clock::time_point());
  at("BeforeTheChain", "not-yet-valid", kVectorTime - hours(24 * 365 * 20));
  at("AfterTheChain", "expired", kVectorTime + hours(24 * 365 * 40));
}

void AddCertificateDates(Mutants& rows) {
  const auto before = kVectorTime - seconds(1);
  const auto after = kVectorTime + seconds(1);
  using Certificate = simulator::CertificateSpec simulator::PkiSpec::*;
  for (const auto& [name, certificate] :
       {std::pair<std::string, Certificate>{"Leaf", &simulator::PkiSpec::leaf},
        {"Intermediate", &simulator::PkiSpec::intermediate},
        {"Root", &simulator::PkiSpec::root},
        {"TcbSigner", &simulator::PkiSpec::tcb_signing}}) {
    rows.push_back(PkiMutant(name + "Expired", "expired",
                             [&, member = certificate](simulator::PkiSpec& s) {
                               (s.*member).not_after = before;
                             }));
    rows.push_back(PkiMutant(name + "NotYetValid", "not-yet-valid",
                             [&, member = certificate](simulator::PkiSpec& s) {
                               (s.*member).not_before = after;
                             }));
  }
}

}  // namespace

Mutants DateMutants() {
  Mutants rows;
  AddDocumentDates(rows);
  AddClocks(rows);
  AddCertificateDates(rows);
  return rows;
}

namespace {

Mutant SgxMutant(const std::string& name, const std::string& failure,
                 const std::function<void(CollateralSpec&)>& change) {
  CollateralSpec spec = GoodCollateral(attest::Tee::kSgx);
  change(spec);
  Mutant mutant;
  mutant.name = name;
  mutant.failure_class = failure;
  mutant.quote = GoodSgxParts().Assemble();
  mutant.documents =
      std::make_shared<const CollateralDocuments>(MakeDocuments(spec));
  return mutant;
}

void AddOtherPlatforms(Mutants& rows) {
  for (const std::size_t byte : {0U, 2U, 5U}) {
    rows.push_back(CollateralMutant(
        "OtherFmspcByte" + std::to_string(byte), "tcb-info-mismatch",
        [&](CollateralSpec& s) { s.tcb_info.fmspc.at(byte) ^= 1U; }));
  }
  for (const std::size_t byte : {0U, 1U}) {
    rows.push_back(CollateralMutant(
        "OtherPceIdByte" + std::to_string(byte), "tcb-info-mismatch",
        [&](CollateralSpec& s) { s.tcb_info.pce_id.at(byte) ^= 1U; }));
  }
}

void AddOtherTees(Mutants& rows) {
  const auto& sgx = *GoodDocuments(attest::Tee::kSgx);
  const auto& tdx = *GoodDocuments(attest::Tee::kTdx);
  rows.push_back(DocumentsMutant(
      "SgxTcbInfoForTdx", "tcb-info-mismatch",
      [&](CollateralDocuments& d) { d.tcb_info = sgx.tcb_info; }));
  rows.push_back(DocumentsMutant(
      "QeForTdQe", "qe-identity-mismatch",
      [&](CollateralDocuments& d) { d.qe_identity = sgx.qe_identity; }));
  Mutant info = SgxMutant("TdxTcbInfoForSgx", "tcb-info-mismatch",
                          [](CollateralSpec&) {});
  CollateralDocuments documents = sgx;
  documents.tcb_info = tdx.tcb_info;
  info.documents = std::make_shared<const CollateralDocuments>(documents);
  rows.push_back(info);
  Mutant identity =
      SgxMutant("TdQeForQe", "qe-identity-mismatch", [](CollateralSpec&) {});
  documents = sgx;
  documents.qe_identity = tdx.qe_identity;
  identity.documents = std::make_shared<const CollateralDocuments>(documents);
  rows.push_back(identity);
  rows.push_back(
      SgxMutant("SgxTcbInfoWithModule", "tcb-info-format",
                [](CollateralSpec& s) { s.tcb_info.tdx_module.emplace(); }));
  rows.push_back(
      SgxMutant("SgxTcbInfoWithModuleIdentities", "tcb-info-format",
                [](CollateralSpec& s) {
                  s.tcb_info.tdx_module_identities =
                      GoodCollateral().tcb_info.tdx_module_identities;
                }));
}

void AddOtherCas(Mutants& rows) {
  // Everything else of the same root; only the CA of the CRL is another.
  static const simulator::Pki other =
      simulator::Pki::Make(
          simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor))
          .value();
  const CollateralDocuments foreign = MakeDocuments(GoodCollateral(), other);
  const auto add = [&](const std::string& name, const std::string& failure,
                       const std::function<void(CollateralDocuments&)>& f) {
    rows.push_back(DocumentsMutant(name, failure, f));
  };
  add("WholeSetOfAnotherRoot", "crl",
      [&](CollateralDocuments& d) { d = foreign; });
  add("TcbInfoOfAnotherRoot", "tcb-info-signature",
      [&](CollateralDocuments& d) { d.tcb_info = foreign.tcb_info; });
  add("QeIdentityOfAnotherRoot", "qe-identity-signature",
      [&](CollateralDocuments& d) { d.qe_identity = foreign.qe_identity; });
  add("DocumentsOfAnotherRoot", "tcb-signing-chain",
      [&](CollateralDocuments& d) {
        d.tcb_info = foreign.tcb_info;
        d.qe_identity = foreign.qe_identity;
        d.tcb_signing_chain = foreign.tcb_signing_chain;
      });
  add("RootCrlOfAnotherRoot", "crl",
      [&](CollateralDocuments& d) { d.root_ca_crl = foreign.root_ca_crl; });
  add("PckCrlOfAnotherRoot", "crl",
      [&](CollateralDocuments& d) { d.pck_crl = foreign.pck_crl; });
}

void AddOtherIdentities(Mutants& rows) {
  const auto add =
      [&](const std::string& name,
          const std::function<void(simulator::QeIdentitySpec&)>& f) {
        rows.push_back(
            CollateralMutant("QeIdentityOfOther" + name, "qe-identity-mismatch",
                             [&](CollateralSpec& s) { f(s.qe_identity); }));
      };
  add("Signer", [](auto& i) { i.mr_signer[31] ^= 1U; });
  add("Product", [](auto& i) { i.isv_prod_id = 3; });
  add("MiscSelect", [](auto& i) { i.misc_select[0] = 1; });
  add("Attributes", [](auto& i) { i.attributes[0] = 0x15; });
  add("Xfrm", [](auto& i) {
    i.attributes[8] = 3;
    i.attributes_mask[8] = 0xff;
  });
  // Bits outside the mask can never be met.
  add("AttributesOutsideTheMask", [](auto& i) { i.attributes[15] = 1; });
}

}  // namespace

Mutants MismatchMutants() {
  Mutants rows;
  AddOtherPlatforms(rows);
  AddOtherTees(rows);
  AddOtherCas(rows);
  AddOtherIdentities(rows);
  return rows;
}

namespace {

Mutant ReportMutant(const std::string& name, const std::string& failure,
                    std::uint16_t version,
                    const std::function<void(attest::TdReport&)>& change) {
  attest::TdReport report = simulator::GoodTdReport();
  change(report);
  Mutant mutant = CollateralMutant(name, failure, [](CollateralSpec&) {});
  mutant.quote = GoodSigner().Sign(version, report).value();
  return mutant;
}

void AddPlatformLevels(Mutants& rows) {
  const auto only =
      [&](const std::string& name,
          const std::function<void(simulator::PlatformLevelSpec&)>& change) {
        rows.push_back(
            CollateralMutant(name, "tcb-not-supported", [&](CollateralSpec& s) {
              s.tcb_info.levels.resize(1);
              change(s.tcb_info.levels[0]);
            }));
      };
  for (std::size_t i = 0; i < 16; ++i) {
    only("SgxComponent" + std::to_string(i) + "OneBelow",
         [i](auto& level) { ++level.sgx_components.at(i); });
  }
  for (std::size_t i = 2; i < 16; ++i) {
    only("TdxComponent" + std::to_string(i) + "OneBelow",
         [i](auto& level) { ++level.tdx_components.at(i); });
  }
  only("PceSvnOneBelow", [](auto& level) { ++level.pce_svn; });
  only("PceSvnLargest", [](auto& level) { level.pce_svn = 0xffff; });
}

void AddModuleLevels(Mutants& rows) {
  rows.push_back(ReportMutant("ModuleWithoutVersionBelow", "tcb-not-supported",
                              4, [](auto& r) {
                                r.tee_tcb_svn = {4, 0, 3};
                              }));
  rows.push_back(ReportMutant("ModuleSvnBelowAll", "tcb-not-supported", 4,
                              [](auto& r) { r.tee_tcb_svn[0] = 3; }));
  for (const std::uint8_t version : {std::uint8_t{2}, std::uint8_t{4},
                                     std::uint8_t{0x10}, std::uint8_t{0xff}}) {
    rows.push_back(ReportMutant(
        "ModuleOfVersion" + std::to_string(version), "module-mismatch", 4,
        [version](auto& r) { r.tee_tcb_svn[1] = version; }));
  }
}

void AddModuleIdentities(Mutants& rows) {
  for (const std::size_t byte : {0U, 20U, 47U}) {
    rows.push_back(
        ReportMutant("ModuleSigner" + std::to_string(byte), "module-mismatch",
                     4, [byte](auto& r) { r.mr_signer_seam.at(byte) = 1; }));
  }
  for (const std::size_t byte : {0U, 3U, 7U}) {
    rows.push_back(ReportMutant(
        "ModuleAttributes" + std::to_string(byte), "module-mismatch", 4,
        [byte](auto& r) { r.seam_attributes.at(byte) = 0x80; }));
    // Intel's verifier demands zero whatever the mask covers.
    Mutant outside =
        ReportMutant("ModuleAttributesOutsideTheMask" + std::to_string(byte),
                     "module-mismatch", 4,
                     [byte](auto& r) { r.seam_attributes.at(byte) = 0x80; });
    CollateralSpec spec = GoodCollateral();
    spec.tcb_info.tdx_module_identities[1].module.attributes_mask.fill(0);
    outside.documents =
        std::make_shared<const CollateralDocuments>(MakeDocuments(spec));
    rows.push_back(outside);
  }
  rows.push_back(CollateralMutant(
      "OtherModuleSignerExpected", "module-mismatch", [](CollateralSpec& s) {
        s.tcb_info.tdx_module_identities[1].module.mr_signer[0] = 1;
      }));
  rows.push_back(CollateralMutant(
      "ModuleAttributesExpected", "module-mismatch", [](CollateralSpec& s) {
        s.tcb_info.tdx_module_identities[1].module.attributes[0] = 1;
      }));
  rows.push_back(CollateralMutant(
      "NoModuleIdentities", "module-mismatch",
      [](CollateralSpec& s) { s.tcb_info.tdx_module_identities.clear(); }));
}

void AddSecondSvn(Mutants& rows) {
  rows.push_back(
      ReportMutant("Svn2BelowAllModules", "tcb-not-supported", 5, [](auto& r) {
        r.tee_tcb_svn2 = attest::ByteArray<16>{3, 1, 3};
      }));
  rows.push_back(
      ReportMutant("Svn2BelowThePlatform", "tcb-not-supported", 5, [](auto& r) {
        r.tee_tcb_svn2 = attest::ByteArray<16>{7, 1, 1};
      }));
  rows.push_back(
      ReportMutant("Svn2OfUnknownModule", "tcb-not-supported", 5, [](auto& r) {
        r.tee_tcb_svn2 = attest::ByteArray<16>{7, 9, 3};
      }));
  rows.push_back(ReportMutant("Svn2Zero", "tcb-not-supported", 5,
                              [](auto& r) { r.tee_tcb_svn2.emplace(); }));
  rows.push_back(ReportMutant("SvnUnsupportedThoughSvn2Is", "tcb-not-supported",
                              5, [](auto& r) {
                                r.tee_tcb_svn = {3, 1, 3};
                                r.tee_tcb_svn2 = attest::ByteArray<16>{7, 1, 3};
                              }));
}

}  // namespace

Mutants LevelMutants() {
  Mutants rows;
  AddPlatformLevels(rows);
  AddModuleLevels(rows);
  AddModuleIdentities(rows);
  AddSecondSvn(rows);
  rows.push_back(CollateralMutant("QeSvnBelowAll", "tcb-not-supported",
                                  [](CollateralSpec& s) {
                                    s.qe_identity.levels = {{7, {}}};
                                  }));
  return rows;
}

}  // namespace tdxvfs::testing

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tdx_module.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

TcbInfo InfoWithModules() {
  TcbInfo info;
  info.tdx_module.emplace();
  info.tdx_module->attributes_mask.fill(0xff);
  TdxModuleIdentity identity;
  identity.expectation = *info.tdx_module;
  identity.major_version = 1;
  info.tdx_module_identities.push_back(identity);
  identity.major_version = 0x0a;
  info.tdx_module_identities.push_back(identity);
  return info;
}

attest::TdReport ReportOfModule(std::uint8_t major_version) {
  attest::TdReport report;
  report.tee_tcb_svn = {5, major_version, 6};
  return report;
}

// The first check that failed, or an empty text.
std::string FirstFailed(const attest::Checks& checks) {
  const auto failed =
      std::find_if(checks.begin(), checks.end(),
                   [](const attest::Check& check) { return !check.passed; });
  return failed == checks.end() ? "" : failed->name;
}

struct ModuleCase {
  std::string name;
  std::uint8_t major_version;
  std::function<void(attest::TdReport&, TcbInfo&)> change;
  std::string failed;
};

std::vector<ModuleCase> VersionCases() {
  const auto nothing = [](attest::TdReport&, TcbInfo&) {};
  return {
      {"without version", 0, nothing, ""},
      {"version 1", 1, nothing, ""},
      {"version 10, two hex digits", 0x0a, nothing, ""},
      {"version that Intel does not list", 3, nothing, "TDX module version"},
      {"without version and without tdxModule", 0,
       [](attest::TdReport&, TcbInfo& info) { info.tdx_module.reset(); },
       "TDX module version"},
      {"version 1 needs no tdxModule", 1,
       [](attest::TdReport&, TcbInfo& info) { info.tdx_module.reset(); }, ""},
  };
}

std::vector<ModuleCase> ExpectationCases() {
  return {
      {"signed by another", 1,
       [](attest::TdReport& r, TcbInfo&) { r.mr_signer_seam[47] = 1; },
       "MRSIGNERSEAM"},
      {"signed as the document says", 0,
       [](attest::TdReport& r, TcbInfo& info) {
         r.mr_signer_seam[0] = 1;
         info.tdx_module->mr_signer[0] = 1;
       },
       ""},
      {"the identity's signer counts, not that of tdxModule", 1,
       [](attest::TdReport& r, TcbInfo& info) {
         r.mr_signer_seam[0] = 1;
         info.tdx_module->mr_signer[0] = 1;
       },
       "MRSIGNERSEAM"},
      {"attribute inside the mask", 1,
       [](attest::TdReport& r, TcbInfo&) { r.seam_attributes[0] = 1; },
       "SEAMATTRIBUTES by TCB info"},
      {"attribute outside the mask", 1,
       [](attest::TdReport& r, TcbInfo& info) {
         r.seam_attributes[0] = 1;
         info.tdx_module_identities[0].expectation.attributes_mask.fill(0);
       },
       "SEAMATTRIBUTES"},
      {"attribute that the document asks for", 1,
       [](attest::TdReport& r, TcbInfo& info) {
         r.seam_attributes[0] = 1;
         info.tdx_module_identities[0].expectation.attributes[0] = 1;
       },
       "SEAMATTRIBUTES"},
      {"value outside its own mask does not count", 1,
       [](attest::TdReport&, TcbInfo& info) {
         auto& expectation = info.tdx_module_identities[0].expectation;
         expectation.attributes_mask.fill(0);
         expectation.attributes.fill(0xff);
       },
       ""},
  };
}

TEST(CheckTdxModule, FindsTheFirstThingThatIsNotIntels) {
  std::vector<ModuleCase> cases = VersionCases();
  for (ModuleCase& more : ExpectationCases()) {
    cases.push_back(std::move(more));
  }
  for (const ModuleCase& row : cases) {
    attest::TdReport report = ReportOfModule(row.major_version);
    TcbInfo info = InfoWithModules();
    row.change(report, info);
    EXPECT_EQ(FirstFailed(CheckTdxModule(report, info)), row.failed)
        << row.name;
  }
}

TEST(CheckTdxModule, NamesTheVersionsThatIntelLists) {
  const auto checks = CheckTdxModule(ReportOfModule(0xc1), InfoWithModules());
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].expected, "one that Intel lists: TDX_01, TDX_0a");
  EXPECT_EQ(checks[0].actual, "TDX_c1");
}

}  // namespace
}  // namespace tdxvfs::verify

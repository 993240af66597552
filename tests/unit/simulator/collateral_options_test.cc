// SPDX-License-Identifier: Apache-2.0
#include "simulator/collateral_options.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using testing::GoodPki;

TEST(CollateralOptions, AreAGoodSetForThePlatformByDefault) {
  ASSERT_OK_AND_ASSIGN(const CollateralSpec spec,
                       CollateralSpecFromOptions(GoodPki(), {}));
  EXPECT_EQ(spec.tcb_info.fmspc, Platform{}.fmspc);
  EXPECT_EQ(spec.tcb_info.levels.front().sgx_components,
            Platform{}.tcb_components);
  EXPECT_EQ(spec.tcb_info.levels.front().outcome.status, "UpToDate");
}

TEST(CollateralOptions, ChangeWhatTheyName) {
  CollateralOptions options;
  options.status = "ConfigurationNeeded";
  options.module_status = "OutOfDate";
  options.qe_status = "Revoked";
  options.tcb_date = "2025-01-02T03:04:05Z";
  options.advisory_ids = {"INTEL-SA-00001"};
  options.evaluation_number = 7;
  options.at = "2026-01-01T00:00:00Z";
  options.next_update = "2026-01-05T00:00:00Z";
  options.revoke = {"leaf", "intermediate", "tcb-signing"};
  ASSERT_OK_AND_ASSIGN(const CollateralSpec spec,
                       CollateralSpecFromOptions(GoodPki(), options));
  const OutcomeSpec& platform = spec.tcb_info.levels.front().outcome;
  EXPECT_EQ(platform.status, "ConfigurationNeeded");
  EXPECT_EQ(platform.date, options.tcb_date);
  EXPECT_EQ(platform.advisory_ids, options.advisory_ids);
  EXPECT_EQ(
      spec.tcb_info.tdx_module_identities.back().levels.front().outcome.status,
      "OutOfDate");
  EXPECT_EQ(spec.qe_identity.levels.front().outcome.status, "Revoked");
  EXPECT_EQ(spec.tcb_info.evaluation_number, 7U);
  EXPECT_EQ(spec.qe_identity.evaluation_number, 7U);
  EXPECT_EQ(DocumentTime(spec.tcb_info.issue_date), "2025-12-31T00:00:00Z");
  EXPECT_EQ(DocumentTime(*spec.pck_crl.next_update), options.next_update);
  EXPECT_EQ(spec.pck_crl.revoked.size(), 1U);
  EXPECT_EQ(spec.root_ca_crl.revoked.size(), 2U);
}

TEST(CollateralOptions, RefuseWordsThatMeanNothing) {
  const std::vector<std::function<void(CollateralOptions&)>> wrong = {
      [](auto& o) { o.tee = "sev"; },
      [](auto& o) { o.tcb_info_version = 2; },
      [](auto& o) { o.status = "uptodate"; },
      [](auto& o) { o.status = "TDRelaunchAdvised"; },
      [](auto& o) { o.module_status = "Old"; },
      [](auto& o) { o.qe_status = "Old"; },
      [](auto& o) { o.tcb_date = "2025-02-30T00:00:00Z"; },
      [](auto& o) { o.at = "yesterday"; },
      [](auto& o) { o.next_update = "2026-01-05"; },
      [](auto& o) { o.revoke = {"root"}; }};
  for (const auto& change : wrong) {
    CollateralOptions options;
    change(options);
    EXPECT_THAT(CollateralSpecFromOptions(GoodPki(), options),
                Fails(Reason::kUsage));
  }
}

}  // namespace
}  // namespace tdxvfs::simulator

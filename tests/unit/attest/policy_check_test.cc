// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/policy/measurement_policy.h"
#include "common/hex.h"
#include "simulator/quote_signer.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::policy {
namespace {

using attest::TdReport;

const std::array<std::uint8_t, 32> kConfig = {0x0f};

// A report in which every measurement differs from every other.
TdReport DistinctReport() {
  TdReport report = simulator::GoodTdReport();
  report.mr_td.fill(0xa1);
  for (std::size_t i = 0; i < 4; ++i) {
    report.rtmr.at(i).fill(static_cast<std::uint8_t>(0xb0 + i));
  }
  report.mr_seam.fill(0xc1);
  report.mr_config_id.fill(0xc2);
  report.mr_owner.fill(0xc3);
  report.mr_owner_config.fill(0xc4);
  report.tee_tcb_svn2.emplace();
  report.mr_service_td.emplace();
  return report;
}

std::string ListOf(std::span<const std::uint8_t> value) {
  return "[\"" + ToHex(value) + "\"]";
}

// Pins everything of DistinctReport(), with further members.
MeasurementPolicy PinEverything(const std::string& more = "") {
  const TdReport report = DistinctReport();
  const std::string json =
      R"({"version":1,"tee":"tdx","mr_td":)" + ListOf(report.mr_td) +
      R"(,"rtmr":{"0":)" + ListOf(report.rtmr[0]) + R"(,"1":)" +
      ListOf(report.rtmr[1]) + R"(,"2":)" + ListOf(report.rtmr[2]) +
      R"(,"3":)" + ListOf(report.rtmr[3]) + R"(},"mr_seam":)" +
      ListOf(report.mr_seam) + R"(,"mr_config_id":)" +
      ListOf(report.mr_config_id) + R"(,"mr_owner":)" +
      ListOf(report.mr_owner) + R"(,"mr_owner_config":)" +
      ListOf(report.mr_owner_config) + R"(,"config_digest":)" +
      ListOf(kConfig) + more + "}";
  return MeasurementPolicy::Parse(json).value();
}

Judgement JudgeReport(const MeasurementPolicy& policy, const TdReport& report,
                      const attest::ByteArray<32>& config_digest = kConfig) {
  return policy
      .Check({.report = report, .now = {}, .config_digest = &config_digest})
      .value();
}

std::vector<std::string> FailedChecks(const MeasurementPolicy& policy,
                                      const TdReport& report) {
  std::vector<std::string> failed;
  for (const attest::Check& check : JudgeReport(policy, report).checks) {
    if (!check.passed) {
      failed.push_back(check.name);
    }
  }
  return failed;
}

using Names = std::vector<std::string>;

TEST(CheckPolicy, AcceptsWhatItPins) {
  const Judgement judgement = JudgeReport(PinEverything(), DistinctReport());
  EXPECT_EQ(judgement.acceptance, Acceptance::kAccepted);
  EXPECT_GE(judgement.checks.size(), 40U);
  for (const attest::Check& check : judgement.checks) {
    EXPECT_FALSE(check.expected.empty()) << check.name;
    EXPECT_FALSE(check.actual.empty()) << check.name;
    EXPECT_FALSE(check.source.empty()) << check.name;
  }
}

TEST(CheckPolicy, A5_OneBitOfAnyMeasurementIsRefusedByName) {
  struct Row {
    std::string name;
    std::function<void(TdReport&)> change;
  };
  const std::vector<Row> rows = {
      {"mr_td", [](TdReport& r) { r.mr_td[47] ^= 1U; }},
      {"rtmr0", [](TdReport& r) { r.rtmr[0][0] ^= 0x80U; }},
      {"rtmr1", [](TdReport& r) { r.rtmr[1][47] ^= 1U; }},
      {"rtmr2", [](TdReport& r) { r.rtmr[2][20] ^= 1U; }},
      {"rtmr3", [](TdReport& r) { r.rtmr[3][47] ^= 1U; }},
      {"mr_seam", [](TdReport& r) { r.mr_seam[0] ^= 1U; }},
      {"mr_config_id", [](TdReport& r) { r.mr_config_id[47] ^= 1U; }},
      {"mr_owner", [](TdReport& r) { r.mr_owner[47] ^= 1U; }},
      {"mr_owner_config", [](TdReport& r) { r.mr_owner_config[1] ^= 1U; }},
      {"mr_service_td", [](TdReport& r) { r.mr_service_td->back() ^= 1U; }},
      {"seam_attributes", [](TdReport& r) { r.seam_attributes[7] ^= 1U; }}};
  const MeasurementPolicy policy = PinEverything();
  for (const Row& row : rows) {
    TdReport report = DistinctReport();
    row.change(report);
    EXPECT_EQ(FailedChecks(policy, report), Names{row.name});
  }
}

TEST(CheckPolicy, ShowsEveryDifferenceAtOnce) {
  TdReport report = DistinctReport();
  report.mr_td[0] ^= 1U;
  report.rtmr[2][0] ^= 1U;
  report.xfam = {0xe7, 0x02, 0x06, 0x00, 0x01};
  EXPECT_EQ(FailedChecks(PinEverything(), report),
            (Names{"xfam reserved bits 32-63", "mr_td", "rtmr2"}));
}

TEST(CheckPolicy, A13_OtherConfigurationDigestIsRefused) {
  std::array<std::uint8_t, 32> other = kConfig;
  other[31] ^= 1U;
  EXPECT_EQ(JudgeReport(PinEverything(), DistinctReport(), other).acceptance,
            Acceptance::kRefused);
}

TEST(CheckPolicy, A13_AConfigurationThatNobodyToldIsNotTheOnePinned) {
  const TdReport report = DistinctReport();
  ASSERT_OK_AND_ASSIGN(const Judgement judgement,
                       PinEverything().Check({.report = report, .now = {}}));
  EXPECT_EQ(judgement.acceptance, Acceptance::kRefused);
}

TdReport WithAttributes(const attest::ByteArray<8>& attributes) {
  TdReport report = DistinctReport();
  report.td_attributes = attributes;
  return report;
}

TEST(CheckPolicy, A6_DebugIsRefusedWhateverThePolicySays) {
  const std::string widest =
      R"(,"td_attributes":{"allowed":"700001f8000000c0","required":"0000000000000000"})";
  EXPECT_FALSE(
      FailedChecks(PinEverything(widest), WithAttributes({1, 0, 0, 0x10}))
          .empty());
}

TEST(CheckPolicy, A6_ReservedAttributeBitsAreRefusedWhateverThePolicySays) {
  const MeasurementPolicy widest = PinEverything(
      R"(,"td_attributes":{"allowed":"700001f8000000c0","required":"0000000000000000"})");
  int refused = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    attest::ByteArray<8> attributes{};
    attributes.at(bit / 8) = static_cast<std::uint8_t>(1U << (bit % 8));
    refused += FailedChecks(widest, WithAttributes(attributes)).empty() ? 0 : 1;
  }
  // All but the eleven that can be allowed.
  EXPECT_EQ(refused, 64 - 11);
}

TEST(CheckPolicy, A6_MigratableNeedsToBeAllowedByName) {
  const TdReport migratable = WithAttributes({0, 0, 0, 0x30});
  EXPECT_EQ(FailedChecks(PinEverything(), migratable),
            Names{"td_attributes MIGRATABLE"});
  const std::string allowed =
      R"(,"td_attributes":{"allowed":"0000003000000000"})";
  EXPECT_TRUE(FailedChecks(PinEverything(allowed), migratable).empty());
  TdReport with_service = migratable;
  with_service.mr_service_td->fill(0x77);
  EXPECT_EQ(FailedChecks(PinEverything(allowed), with_service),
            Names{"mr_service_td"});
  const std::string listed =
      allowed + R"(,"mr_service_td":)" + ListOf(*with_service.mr_service_td);
  EXPECT_TRUE(FailedChecks(PinEverything(listed), with_service).empty());
}

TEST(CheckPolicy, A6_ReportWithoutServiceTdPassesOnlyWhereItDoesNotMatter) {
  TdReport old = DistinctReport();
  old.tee_tcb_svn2.reset();
  old.mr_service_td.reset();
  EXPECT_TRUE(FailedChecks(PinEverything(), old).empty());
  const std::string zero = ListOf(Measurement{});
  EXPECT_EQ(FailedChecks(PinEverything(R"(,"mr_service_td":)" + zero), old),
            Names{"mr_service_td"});
  EXPECT_EQ(
      FailedChecks(
          PinEverything(R"(,"td_attributes":{"allowed":"0000003000000000"})"),
          old),
      Names{"mr_service_td"});
}

TEST(CheckPolicy, StrictDefaultsDemandSeptVeDisable) {
  EXPECT_EQ(FailedChecks(PinEverything(), WithAttributes({})),
            Names{"td_attributes SEPT_VE_DISABLE"});
  EXPECT_TRUE(
      FailedChecks(PinEverything(), WithAttributes({0, 0, 0, 0x58})).empty());
  // Profiling, ICSSD, KL and PERFMON are refused unless allowed.
  const std::vector<std::pair<std::string, attest::ByteArray<8>>> rows = {
      {"td_attributes HGS+ profiling", {0x10, 0, 0, 0x10}},
      {"td_attributes performance profiling", {0x20, 0, 0, 0x10}},
      {"td_attributes PMT profiling", {0x40, 0, 0, 0x10}},
      {"td_attributes ICSSD", {0, 0, 1, 0x10}},
      {"td_attributes KL (key locker)", {0, 0, 0, 0x90}},
      {"td_attributes TPA", {0, 0, 0, 0x10, 0, 0, 0, 0x40}},
      {"td_attributes PERFMON", {0, 0, 0, 0x10, 0, 0, 0, 0x80}}};
  for (const auto& [name, attributes] : rows) {
    EXPECT_EQ(FailedChecks(PinEverything(), WithAttributes(attributes)),
              Names{name});
  }
}

TEST(CheckPolicy, XfamNeedsX87AndSseAndNothingUndefined) {
  TdReport report = DistinctReport();
  report.xfam = {0xe6, 0xdb, 0x06};
  EXPECT_FALSE(FailedChecks(PinEverything(), report).empty());
  report.xfam = {0xe5, 0xdb, 0x06};
  EXPECT_FALSE(FailedChecks(PinEverything(), report).empty());
  report.xfam = {0xe7, 0xdb, 0x06, 0, 0, 0, 0, 0x80};
  EXPECT_FALSE(FailedChecks(PinEverything(), report).empty());
  report.xfam = {0xe7, 0xdb, 0x06};
  EXPECT_TRUE(FailedChecks(PinEverything(), report).empty());
}

TEST(PolicyFromReport, AcceptsTheReportThatItCameFrom) {
  for (const bool learned : {false, true}) {
    ASSERT_OK_AND_ASSIGN(
        const MeasurementPolicy policy,
        MeasurementPolicy::Parse(
            PolicyFromReport(DistinctReport(), learned).value()));
    EXPECT_TRUE(FailedChecks(policy, DistinctReport()).empty());
    EXPECT_EQ(policy.acknowledged(), learned ? Names{"learned"} : Names{});
  }
}

TEST(PolicyFromReport, A15_PinsFirmwareAndBootButLeavesModuleAndRtmr3Open) {
  ASSERT_OK_AND_ASSIGN(const MeasurementPolicy policy,
                       MeasurementPolicy::Parse(
                           PolicyFromReport(DistinctReport(), true).value()));
  TdReport report = DistinctReport();
  report.mr_seam.fill(0x99);
  report.rtmr[3].fill(0x99);
  EXPECT_TRUE(FailedChecks(policy, report).empty());
  report.rtmr[1][0] ^= 1U;
  report.mr_config_id[0] ^= 1U;
  EXPECT_EQ(FailedChecks(policy, report), (Names{"rtmr1", "mr_config_id"}));
}

TEST(PolicyFromReport, WidensAttributesOnlyWhereThatDoesNotWeaken) {
  const auto accepts = [](const attest::ByteArray<8>& attributes) {
    const TdReport report = WithAttributes(attributes);
    const auto policy =
        MeasurementPolicy::Parse(PolicyFromReport(report, true).value())
            .value();
    return FailedChecks(policy, report).empty();
  };
  EXPECT_TRUE(accepts({}));
  EXPECT_TRUE(accepts({0, 0, 0, 0x10, 0, 0, 0, 0x80}));
  EXPECT_FALSE(accepts({1, 0, 0, 0x10}));
  EXPECT_FALSE(accepts({0x10, 0, 0, 0x10}));
  EXPECT_FALSE(accepts({0, 0, 0, 0x30}));
}

}  // namespace
}  // namespace tdxvfs::policy

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tcb_info.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/verify/signed_document.h"
#include "attest/verify/utc_time.h"
#include "simulator/signed_json.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using simulator::ApplyEdits;
using simulator::TcbInfoSpec;
using testing::Fails;
using testing::GoodCollateral;
using testing::GoodPki;
using ::testing::HasSubstr;

std::string SignedTcbInfo(const TcbInfoSpec& spec) {
  const std::string text =
      simulator::MakeTcbInfo(spec, GoodPki().tcb_signing_key()).value();
  return std::string(OpenSignedDocument(text, "tcbInfo").value().signed_bytes);
}

TcbInfoSpec Spec(attest::Tee tee) { return GoodCollateral(tee).tcb_info; }

// One change of a good document and what the refusal names.
struct TcbInfoRow {
  std::string from;
  std::string to;
  std::string named;
};

void ExpectEachRefused(const std::string& good,
                       const std::vector<TcbInfoRow>& rows) {
  ASSERT_THAT(ParseTcbInfo(good), testing::Succeeds());
  for (const TcbInfoRow& row : rows) {
    const std::string changed = ApplyEdits(good, {{row.from, row.to}}).value();
    const auto parsed = ParseTcbInfo(changed);
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << row.to;
    EXPECT_THAT(parsed.error().ToString(), HasSubstr(row.named)) << row.to;
  }
}

TEST(TcbInfo, ReadsWhatATdxDocumentSays) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  spec.fmspc = {0x90, 0xc0, 0x6f, 0x0a, 0x0b, 0x0c};
  spec.levels[1].outcome.status = "ConfigurationAndSWHardeningNeeded";
  ASSERT_OK_AND_ASSIGN(const TcbInfo info, ParseTcbInfo(SignedTcbInfo(spec)));
  EXPECT_EQ(info.tee, attest::Tee::kTdx);
  EXPECT_EQ(info.version, 3U);
  EXPECT_EQ(info.issue_date, spec.issue_date);
  EXPECT_EQ(info.next_update, spec.next_update);
  EXPECT_EQ(info.fmspc, spec.fmspc);
  EXPECT_EQ(info.pce_id, spec.pce_id);
  EXPECT_EQ(info.evaluation_number, spec.evaluation_number);
  ASSERT_EQ(info.levels.size(), spec.levels.size());
  EXPECT_EQ(info.levels[1].sgx_components, spec.levels[1].sgx_components);
  EXPECT_EQ(info.levels[1].tdx_components, spec.levels[1].tdx_components);
  EXPECT_EQ(info.levels[2].pce_svn, spec.levels[2].pce_svn);
  EXPECT_EQ(info.levels[1].outcome.status,
            attest::TcbStatus::kConfigurationAndSwHardeningNeeded);
  EXPECT_EQ(info.levels[1].outcome.advisory_ids,
            spec.levels[1].outcome.advisory_ids);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(info.levels[2].outcome.date),
            1515024000);  // 2018-01-04
  ASSERT_TRUE(info.tdx_module.has_value());
  EXPECT_EQ(info.tdx_module->attributes_mask, spec.tdx_module->attributes_mask);
  ASSERT_EQ(info.tdx_module_identities.size(), 2U);
  EXPECT_EQ(info.tdx_module_identities[0].major_version, 3);
  EXPECT_EQ(info.tdx_module_identities[1].levels[1].isv_svn, 4);
}

TEST(TcbInfo, ReadsSgxDocumentsOfBothVersions) {
  for (const unsigned version : {2U, 3U}) {
    TcbInfoSpec spec = Spec(attest::Tee::kSgx);
    spec.version = version;
    ASSERT_OK_AND_ASSIGN(const TcbInfo info, ParseTcbInfo(SignedTcbInfo(spec)));
    EXPECT_EQ(info.tee, attest::Tee::kSgx);
    EXPECT_EQ(info.version, version);
    EXPECT_EQ(info.levels[0].sgx_components, spec.levels[0].sgx_components);
    EXPECT_EQ(info.levels[0].tdx_components, attest::ByteArray<16>{});
    EXPECT_FALSE(info.tdx_module.has_value());
  }
}

TEST(TcbInfo, ReadsHexOfEitherCaseAndUnknownMembers) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  spec.tdx_module_identities[0].id = "TDX_0a";
  const std::string good = SignedTcbInfo(spec);
  ASSERT_OK_AND_ASSIGN(
      const std::string changed,
      ApplyEdits(good, {{"FFFFFFFFFFFFFFFF", "ffffFFFFffffFFFF"},
                        {"\"fmspc\"", "\"news\":{\"a\":[null,1.5]},\"fmspc\""},
                        {"\"tcb\":{", "\"tcb\":{\"more\":true,"}}));
  ASSERT_OK_AND_ASSIGN(const TcbInfo info, ParseTcbInfo(changed));
  EXPECT_EQ(info.tdx_module_identities[0].major_version, 10);
}

TEST(TcbInfo, ReadsEveryStatusThatDocumentsCarry) {
  for (const std::string_view name :
       {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded", "OutOfDate",
        "OutOfDateConfigurationNeeded", "Revoked"}) {
    TcbInfoSpec spec = Spec(attest::Tee::kTdx);
    spec.levels[0].outcome.status = name;
    ASSERT_OK_AND_ASSIGN(const TcbInfo info, ParseTcbInfo(SignedTcbInfo(spec)));
    EXPECT_EQ(attest::TcbStatusName(info.levels[0].outcome.status), name);
  }
}

TEST(TcbInfo, RefusesAnyOtherStatus) {
  for (const std::string_view name :
       {"", "uptodate", "UpToDate ", "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded", "NotSupported"}) {
    TcbInfoSpec spec = Spec(attest::Tee::kTdx);
    spec.levels[2].outcome.status = name;
    const auto parsed = ParseTcbInfo(SignedTcbInfo(spec));
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << name;
    EXPECT_THAT(parsed.error().ToString(),
                HasSubstr("$.tcbLevels[2].tcbStatus"));
  }
}

TEST(TcbInfo, RefusesModuleStatusesThatOnlyPlatformsHave) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  spec.tdx_module_identities[1].levels[0].outcome.status = "SWHardeningNeeded";
  const auto parsed = ParseTcbInfo(SignedTcbInfo(spec));
  ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(parsed.error().ToString(),
              HasSubstr("$.tdxModuleIdentities[1].tcbLevels[0]"));
}

TEST(TcbInfo, RefusesAWrongHead) {
  ExpectEachRefused(
      SignedTcbInfo(Spec(attest::Tee::kTdx)),
      {{R"("id":"TDX")", R"("id":"tdx")", "$.id"},
       {R"("id":"TDX")", "\"id\":1", "$.id"},
       {R"("id":"TDX",)", "", "$.version"},
       {R"("id":"TDX")", R"("id":"SGX")", "with a TDX module"},
       {"\"version\":3", "\"version\":1", "$.version"},
       {"\"version\":3", "\"version\":2", "$.version"},
       {"\"version\":3", "\"version\":4", "$.version"},
       {"\"version\":3", R"("version":"3")", "$.version"},
       {"\"tcbType\":0", "\"tcbType\":1", "$.tcbType"},
       {"\"tcbType\":0,", "", "$.tcbType: missing"},
       {"\"tcbEvaluationDataNumber\":20", "\"tcbEvaluationDataNumber\":-1",
        "$.tcbEvaluationDataNumber"},
       {"\"tcbEvaluationDataNumber\":20",
        "\"tcbEvaluationDataNumber\":4294967296", "$.tcbEvaluationDataNumber"},
       {R"("fmspc":")", R"("fmspc":"00)", "$.fmspc"},
       {R"("fmspc":"0)", R"("fmspc":"x)", "$.fmspc"},
       {R"("pceId":"00)", R"("pceId":")", "$.pceId"},
       {"\"pceId\"", "\"pceid\"", "$.pceId: missing"},
       {R"("tcbLevels":[{"tcb":{"sgx)", R"("other":[{"tcb":{"sgx)",
        "$.tcbLevels: missing"}});
}

TEST(TcbInfo, RefusesIntegersThatAreNoneOrOutOfRange) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kTdx));
  const std::string first = R"("sgxtcbcomponents":[{"svn":)";
  const std::size_t at = good.find(first) + first.size();
  const std::string was = good.substr(at, good.find_first_of(",}", at) - at);
  for (const std::string_view number :
       {"-1", "256", "1.5", "5.0", "1e2", "\"5\"", "true", "null", "[5]",
        "18446744073709551616"}) {
    const auto parsed = ParseTcbInfo(
        ApplyEdits(good, {{first + was, first + std::string(number)}}).value());
    EXPECT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << number;
  }
  for (const std::string_view number : {"-1", "65536", "\"5\""}) {
    const std::string text =
        ApplyEdits(good, {{"\"pcesvn\":",
                           "\"pcesvn\":" + std::string(number) + ",\"was\":"}})
            .value();
    const auto parsed = ParseTcbInfo(text);
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << number;
    EXPECT_THAT(parsed.error().ToString(),
                HasSubstr("$.tcbLevels[0].tcb.pcesvn"));
  }
}

TEST(TcbInfo, RefusesAnyNumberOfComponentsButSixteen) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kTdx));
  for (const std::string_view list : {"sgxtcbcomponents", "tdxtcbcomponents"}) {
    const std::string open = "\"" + std::string(list) + "\":[";
    ExpectEachRefused(good,
                      {{open, open + "{\"svn\":0},", "not 16 components"},
                       {open, open + "],\"was\":[", "not 16 components"},
                       {open, open.substr(0, open.size() - 1) + "{},\"was\":[",
                        "not an array"},
                       {open, "\"was\":[", "missing"}});
  }
  const std::string last = "{\"svn\":0}]";
  ExpectEachRefused(good, {{"," + last, "]", "not 16 components"}});
}

TEST(TcbInfo, RefusesNumberedComponentsThatAreMissingOrTooLarge) {
  TcbInfoSpec spec = Spec(attest::Tee::kSgx);
  spec.version = 2;
  spec.levels[0].sgx_components[15] = 7;
  spec.levels.resize(1);
  ExpectEachRefused(
      SignedTcbInfo(spec),
      {{"sgxtcbcomp16svn\":7", "sgxtcbcomp17svn\":7", "sgxtcbcomp16svn"},
       {"sgxtcbcomp16svn\":7", "sgxtcbcomp16svn\":256", "sgxtcbcomp16svn"},
       {"\"version\":2", R"("id":"SGX","version":2)", "$.version"},
       {"\"version\":2", "\"version\":3", "$.version"}});
}

TEST(TcbInfo, RefusesDatesThatTheCalendarOrTheFormLacks) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kTdx));
  for (const std::string member : {"issueDate", "nextUpdate", "tcbDate"}) {
    for (const std::string_view date :
         {"2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
          "2025-02-29T00:00:00Z", "2026-00-10T00:00:00Z",
          "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
          "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
          "2026-01-01T00:00:00z", "2026-01-01 00:00:00Z",
          "2026-01-01T00:00:00.0Z", "2026-01-01T00:00:00+00:00",
          "2026-01-01T00:00:00", "2026-1-01T00:00:00Z", "2026-01-01", ""}) {
      const std::string value =
          "\"" + member + "\":\"" + std::string(date) + "\"";
      const auto parsed = ParseTcbInfo(
          ApplyEdits(good, {{"\"" + member + "\":", value + ",\"was\":"}})
              .value());
      ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << value;
      EXPECT_THAT(parsed.error().ToString(), HasSubstr(member)) << value;
    }
  }
}

// The clock's nanoseconds wrap: taken as they are, 2610 would be 2026.
TEST(TcbInfo, TakesADateBeyondTheClockAsItsEnd) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kTdx));
  for (const std::string_view date :
       {"2262-01-01T00:00:00Z", "2610-12-20T12:00:00Z",
        "9999-12-31T23:59:59Z"}) {
    const std::string value = R"("nextUpdate":")" + std::string(date) + "\"";
    const auto parsed = ParseTcbInfo(
        ApplyEdits(good, {{"\"nextUpdate\":", value + ",\"was\":"}}).value());
    ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
    EXPECT_EQ(UtcText(parsed->next_update), "2262-01-01T00:00:00Z") << date;
  }
}

TEST(TcbInfo, RefusesLevelsOutOfOrderOrTwice) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  std::swap(spec.levels[0], spec.levels[1]);
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  spec = Spec(attest::Tee::kTdx);
  spec.levels.push_back(spec.levels.back());
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  spec = Spec(attest::Tee::kTdx);
  spec.levels.clear();
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  spec = Spec(attest::Tee::kTdx);
  std::swap(spec.tdx_module_identities[0].levels[0],
            spec.tdx_module_identities[0].levels[1]);
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  spec = Spec(attest::Tee::kTdx);
  spec.tdx_module_identities[0].levels.clear();
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
}

// SGX components weigh more than PCESVN, and that more than TDX components.
TEST(TcbInfo, OrdersLevelsBySgxThenPceThenTdx) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  spec.levels.resize(3, spec.levels[0]);
  spec.levels[1] = spec.levels[0];
  spec.levels[2] = spec.levels[0];
  spec.levels[0].sgx_components = {2};
  spec.levels[0].pce_svn = 1;
  spec.levels[1].sgx_components = {1, 255};
  spec.levels[1].pce_svn = 9;
  spec.levels[1].tdx_components = {1};
  spec.levels[2].sgx_components = {1, 255};
  spec.levels[2].pce_svn = 8;
  spec.levels[2].tdx_components = {7};
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), testing::Succeeds());
  std::swap(spec.levels[1], spec.levels[2]);
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
}

TEST(TcbInfo, RefusesModulesThatAreMissingTwiceOrMisspelt) {
  TcbInfoSpec spec = Spec(attest::Tee::kTdx);
  spec.tdx_module.reset();
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  spec = Spec(attest::Tee::kTdx);
  spec.tdx_module_identities[0].id = "TDX_01";
  EXPECT_THAT(ParseTcbInfo(SignedTcbInfo(spec)), Fails(Reason::kQuoteInvalid));
  for (const std::string_view id :
       {"", "TDX_", "TDX_1", "TDX_001", "TDX_0g", "tdx_03", "TDX03"}) {
    spec = Spec(attest::Tee::kTdx);
    spec.tdx_module_identities[0].id = id;
    const auto parsed = ParseTcbInfo(SignedTcbInfo(spec));
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << id;
    EXPECT_THAT(parsed.error().ToString(),
                HasSubstr("$.tdxModuleIdentities[0].id"));
  }
  ExpectEachRefused(
      SignedTcbInfo(Spec(attest::Tee::kTdx)),
      {{R"("mrsigner":"00)", R"("mrsigner":")", "$.tdxModule.mrsigner"},
       {R"("attributes":"00)", R"("attributes":")", "$.tdxModule.attributes"},
       {R"("attributesMask":"FF)", R"("attributesMask":"F)",
        "$.tdxModule.attributesMask"},
       {"\"tdxModuleIdentities\":[", R"("tdxModuleIdentities":{},"was":[)",
        "$.tdxModuleIdentities: not an array"}});
}

TEST(TcbInfo, RefusesSgxDocumentsWithATdxModule) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kSgx));
  ExpectEachRefused(
      good, {{"\"tcbLevels\"", R"("tdxModule":{},"tcbLevels")", "TDX module"},
             {"\"tcbLevels\"", R"("tdxModuleIdentities":[],"tcbLevels")",
              "TDX module"}});
}

TEST(TcbInfo, RefusesAdvisoriesAndRemarksOfOtherTypes) {
  ExpectEachRefused(
      SignedTcbInfo(Spec(attest::Tee::kTdx)),
      {{"\"advisoryIDs\":[", "\"advisoryIDs\":[1,", "advisoryIDs[0]"},
       {"\"advisoryIDs\":[", R"("advisoryIDs":["",)", "advisoryIDs[0]"},
       {"\"advisoryIDs\":[", R"("advisoryIDs":"x","was":[)", "advisoryIDs"},
       {R"("category":"BIOS")", "\"category\":1", "category"},
       {R"("type":"TXT SINIT")", "\"type\":null", "type"}});
}

TEST(TcbInfo, RefusesAMemberNameTwiceHoweverDeep) {
  ExpectEachRefused(
      SignedTcbInfo(Spec(attest::Tee::kTdx)),
      {{"{\"id\"", R"({"id":"TDX","id")", "twice"},
       {"\"pcesvn\":", R"("pcesvn":1,"pcesvn":)", "twice"},
       // The same name spelt with an escape.
       {"\"pcesvn\":", R"("pce\u0073vn":1,"pcesvn":)", "twice"},
       {"\"fmspc\"", R"("news":[[{"a":1,"b":2,"a":3}]],"fmspc")", "twice"}});
}

TEST(TcbInfo, RefusesWhatIsNoJsonObject) {
  const std::string good = SignedTcbInfo(Spec(attest::Tee::kTdx));
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"),
        std::string("{}"), std::string("\"text\""), good + good, good + "x",
        good.substr(0, good.size() - 1), std::string(1, '\0') + good}) {
    EXPECT_THAT(ParseTcbInfo(text), Fails(Reason::kQuoteInvalid))
        << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace tdxvfs::verify

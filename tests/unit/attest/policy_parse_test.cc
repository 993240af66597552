// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/policy/measurement_policy.h"
#include "common/json_text.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::policy {
namespace {

using testing::Fails;
using testing::Succeeds;

std::string Hex(std::size_t bytes, const std::string& pair) {
  std::string hex;
  for (std::size_t i = 0; i < bytes; ++i) {
    hex += pair;
  }
  return hex;
}

// A list of one measurement.
std::string OneMeasurement(const std::string& pair = "a1") {
  return "[\"" + Hex(48, pair) + "\"]";
}

std::string Registers() {
  return R"("rtmr":{"0":)" + OneMeasurement() + R"(,"1":)" + OneMeasurement() +
         R"(,"2":)" + OneMeasurement() + "}";
}

// A good policy with one more member.
std::string With(const std::string& member) {
  return R"({"version":1,"tee":"tdx","mr_td":)" + OneMeasurement() + "," +
         Registers() + (member.empty() ? "" : "," + member) + "}";
}

void ExpectPolicyRefused(const std::string& json, const std::string& path) {
  const auto policy = MeasurementPolicy::Parse(json);
  ASSERT_THAT(policy, Fails(Reason::kPolicyInvalid)) << json;
  EXPECT_NE(policy.error().ToString().find(path), std::string::npos)
      << json << "\n"
      << policy.error().ToString();
}

TEST(ParsePolicy, AcceptsTheSmallestPolicy) {
  ASSERT_OK_AND_ASSIGN(const auto policy, MeasurementPolicy::Parse(With("")));
  EXPECT_EQ(policy.tcb().accept,
            std::vector<attest::TcbStatus>{attest::TcbStatus::kUpToDate});
  EXPECT_TRUE(policy.acknowledged().empty());
  EXPECT_FALSE(policy.allow_rollback());
  EXPECT_FALSE(policy.allow_imported());
}

TEST(ParsePolicy, AcceptsEveryMember) {
  const std::string measurement = OneMeasurement();
  const std::vector<std::string> members = {
      "\"mr_seam\":" + measurement,
      "\"mr_config_id\":" + measurement,
      "\"mr_owner\":" + measurement,
      "\"mr_owner_config\":" + measurement,
      "\"mr_service_td\":" + measurement,
      R"("td_attributes":{"allowed":"0000003000000000"})",
      R"("td_attributes":{"allowed":"700001f8000000c0","required":"0000000000000000"})",
      R"("xfam":{"allowed":"e702060000000000","required":"0700000000000000"})",
      R"("config_digest":[")" + Hex(32, "0f") + "\"]",
      R"("tcb":{"accept":["UpToDate","SWHardeningNeeded"]})",
      R"("acknowledge":["learned"])",
      R"("allow_rollback":true)",
      R"("allow_imported":false)"};
  for (const std::string& member : members) {
    EXPECT_THAT(MeasurementPolicy::Parse(With(member)), Succeeds()) << member;
  }
}

TEST(ParsePolicy, A5_LeavingARegisterOutNeedsItsAcknowledgement) {
  const std::string start = R"({"version":1,"mr_td":)" + OneMeasurement();
  ExpectPolicyRefused(start + "}", "$.rtmr.0");
  ExpectPolicyRefused(start + R"(,"acknowledge":["rtmr0"]})", "$.rtmr.1");
  ExpectPolicyRefused(start + R"(,"acknowledge":["rtmr0","rtmr1"]})",
                      "$.rtmr.2");
  EXPECT_THAT(MeasurementPolicy::Parse(
                  start + R"(,"acknowledge":["rtmr0","rtmr1","rtmr2"]})"),
              Succeeds());
  ExpectPolicyRefused(start + R"(,"rtmr":{"3":)" + OneMeasurement() +
                          R"(},"acknowledge":["learned"]})",
                      "$.rtmr.0");
}

TEST(ParsePolicy, ARegisterThatIsPinnedAndAcknowledgedIsDoubted) {
  ASSERT_OK_AND_ASSIGN(
      const auto policy,
      MeasurementPolicy::Parse(With(R"("acknowledge":["rtmr1","learned"])")));
  ASSERT_EQ(policy.Doubts({}).size(), 1U);
  EXPECT_NE(policy.Doubts({})[0].find("$.rtmr.1"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(const auto plain, MeasurementPolicy::Parse(With("")));
  EXPECT_TRUE(plain.Doubts({}).empty());
}

struct Doubt {
  std::string tcb;
  std::string words;  // empty: no doubt
};

TEST(ParsePolicy, WhatHoldsButIsHardlyMeantIsDoubted) {
  constexpr std::chrono::system_clock::time_point first_of_2027{
      std::chrono::sys_days{std::chrono::year(2027) / 1 / 1}};
  const std::vector<Doubt> doubts = {
      {R"("accept":["OutOfDate"])", "UpToDate is not in it"},
      {R"("accept":["OutOfDate"],"grace":{"UpToDate":"P9D"})", ""},
      {R"("grace":{"OutOfDate":"2026-12-31"})",
       "$.tcb.grace.OutOfDate ended on 2026-12-31"},
      {R"("grace":{"OutOfDate":"2027-01-01"})", ""},
      {R"("grace":{"OutOfDate":"P1D"})", ""},
      {R"("minimum_tcb_date":"2027-01-02")", "every guest is refused"},
      {R"("minimum_tcb_date":"2027-01-01")", ""},
      {R"("advisories":["INTEL-SA-00837"])",
       "$.tcb.advisories changes nothing"},
      {R"("accept":["UpToDate","OutOfDate"],"advisories":["INTEL-SA-837"])",
       "'INTEL-SA-837', which is not written as Intel"},
      {R"("accept":["UpToDate","OutOfDate"],
          "advisories":["INTEL-SA-00837","INTEL-DOC-00001"])",
       ""}};
  for (const Doubt& doubt : doubts) {
    ASSERT_OK_AND_ASSIGN(
        const auto policy,
        MeasurementPolicy::Parse(With("\"tcb\":{" + doubt.tcb + "}")));
    const auto found = policy.Doubts(first_of_2027);
    ASSERT_EQ(found.size(), doubt.words.empty() ? 0U : 1U) << doubt.tcb;
    if (!found.empty()) {
      EXPECT_NE(found[0].find(doubt.words), std::string::npos) << found[0];
    }
  }
}

TEST(ParsePolicy, A13_MrTdCanNotBeLeftOut) {
  ExpectPolicyRefused(R"({"version":1,)" + Registers() + "}", "$.mr_td");
  ExpectPolicyRefused(
      R"({"version":1,"acknowledge":["mr_td"],)" + Registers() + "}",
      "$.acknowledge[0]");
}

TEST(ParsePolicy, A5_EmptyPolicyIsRefused) {
  ExpectPolicyRefused("{}", "$");
  ExpectPolicyRefused("", "not JSON");
  ExpectPolicyRefused("[]", "$");
  ExpectPolicyRefused("null", "$");
  ExpectPolicyRefused("1", "$");
}

TEST(ParsePolicy, DoubledMembersAreRefused) {
  ExpectPolicyRefused(With(R"("version":1)"), "$.version");
  ExpectPolicyRefused(With("\"mr_td\":" + OneMeasurement("b2")), "$.mr_td");
  // The same name in another spelling.
  ExpectPolicyRefused(With(R"("mr\u005ftd":)" + OneMeasurement("b2")),
                      "$.mr_td");
  ExpectPolicyRefused(
      With(R"("tcb":{"accept":["UpToDate"],"accept":["OutOfDate"]})"),
      "$.tcb.accept");
  ExpectPolicyRefused(
      With(
          R"("xfam":{"allowed":"e702060000000000","allowed":"e7db060000000000"})"),
      "$.xfam.allowed");
}

TEST(ParsePolicy, UnknownMembersAreRefused) {
  ExpectPolicyRefused(With(R"("mrTd":[])"), "$.mrTd");
  ExpectPolicyRefused(With(R"("MR_TD":[])"), "$.MR_TD");
  ExpectPolicyRefused(With(R"("":1)"), "$.");
  ExpectPolicyRefused(With(R"("tcb":{"accept":["UpToDate"],"grace":1})"),
                      "$.tcb.grace");
  ExpectPolicyRefused(With(R"("td_attributes":{"forbidden":"00"})"),
                      "$.td_attributes.forbidden");
  ExpectPolicyRefused(R"({"version":1,"mr_td":)" + OneMeasurement() +
                          R"(,"rtmr":{"4":)" + OneMeasurement() + "}}",
                      "$.rtmr.4");
  ExpectPolicyRefused(R"({"version":1,"mr_td":)" + OneMeasurement() +
                          R"(,"rtmr":{"00":)" + OneMeasurement() + "}}",
                      "$.rtmr.00");
}

TEST(ParsePolicy, NullAndEmptyAndWrongTypesAreRefusedByPath) {
  const std::vector<std::string> names = {
      "mr_seam",       "mr_config_id",  "mr_owner",       "mr_owner_config",
      "mr_service_td", "td_attributes", "xfam",           "config_digest",
      "tcb",           "acknowledge",   "allow_rollback", "allow_imported"};
  for (const std::string& name : names) {
    for (const std::string value :
         {"null", "\"\"", "[]", "{}", "1", "\"true\"", "[null]", "[\"\"]",
          "[1]", "[[]]", "[{}]", "1.5", "\"UpToDate\""}) {
      std::string member = JsonString(name) + ":";
      member += value;
      ExpectPolicyRefused(With(member), "$." + name);
    }
  }
  ExpectPolicyRefused(R"({"version":null})", "$.version");
  ExpectPolicyRefused(R"({"version":1,"tee":null})", "$.tee");
  ExpectPolicyRefused(R"({"version":1,"tee":"sgx"})", "$.tee");
  ExpectPolicyRefused(R"({"version":1,"rtmr":{}})", "$.rtmr");
  ExpectPolicyRefused(R"({"version":1,"rtmr":{"0":[]}})", "$.rtmr.0");
}

TEST(ParsePolicy, OnlyVersion1IsRead) {
  for (const std::string value : {"0", "2", "-1", "1.0", "\"1\"", "true", "1e0",
                                  "18446744073709551616"}) {
    ExpectPolicyRefused(
        "{\"version\":" + value + ",\"mr_td\":" + OneMeasurement() + "," +
            Registers() + "}",
        value == "18446744073709551616" ? "not JSON" : "$.version");
  }
  ExpectPolicyRefused(
      "{\"mr_td\":" + OneMeasurement() + "," + Registers() + "}", "$.version");
}

TEST(ParsePolicy, HexIsLowerCaseAndOfTheRightSize) {
  for (const std::string& hex :
       {Hex(47, "a1"), Hex(49, "a1"), Hex(48, "A1"), Hex(48, "g1"),
        Hex(48, "a1") + "a", "0x" + Hex(47, "a1"), Hex(47, "a1") + " a"}) {
    ExpectPolicyRefused(With(R"("mr_seam":[")" + hex + "\"]"), "$.mr_seam[0]");
  }
  ExpectPolicyRefused(With(R"("mr_seam":[")" + Hex(48, "a1") + R"(",")" +
                           Hex(48, "a1") + "\"]"),
                      "$.mr_seam[1]");
}

TEST(ParsePolicy, A6_DebugAndReservedAttributeBitsCanNeverBeAllowed) {
  // Bits 0 (DEBUG), 1-3, 7-15, 17-26 and 32-61.
  for (unsigned bit = 0; bit < 64; ++bit) {
    const bool allowable = bit == 4 || bit == 5 || bit == 6 || bit == 16 ||
                           (bit >= 27 && bit <= 31) || bit >= 62;
    std::string hex = Hex(8, "00");
    // Low digit second: hex of a little-endian byte.
    const std::size_t place = bit / 8 * 2 + (bit % 8 < 4 ? 1 : 0);
    hex[place] = std::string_view("0123456789abcdef")[1U << (bit % 4)];
    const auto policy =
        MeasurementPolicy::Parse(With(R"("td_attributes":{"allowed":")" + hex +
                                      R"(","required":"0000000000000000"})"));
    EXPECT_EQ(policy.has_value(), allowable) << bit << " " << hex;
  }
}

TEST(ParsePolicy, ReservedXfamBitsCanNeverBeAllowed) {
  ExpectPolicyRefused(With(R"("xfam":{"allowed":"e7db0e0000000000"})"),
                      "$.xfam.allowed");
  ExpectPolicyRefused(With(R"("xfam":{"allowed":"ffffffffffffffff"})"),
                      "$.xfam.allowed");
}

TEST(ParsePolicy, MasksThatNobodyCanPassAreRefused) {
  ExpectPolicyRefused(With(R"("td_attributes":{"allowed":"0000000000000000"})"),
                      "$.td_attributes");
  ExpectPolicyRefused(
      With(R"("td_attributes":{"required":"0000002000000000"})"),
      "$.td_attributes");
  ExpectPolicyRefused(
      With(
          R"("xfam":{"allowed":"0200000000000000","required":"0000000000000000"})"),
      "$.xfam");
}

TEST(ParsePolicy, A8_RevokedCanNeverBeAccepted) {
  ExpectPolicyRefused(With(R"("tcb":{"accept":["Revoked"]})"),
                      "$.tcb.accept[0]");
  ExpectPolicyRefused(With(R"("tcb":{"accept":["UpToDate","uptodate"]})"),
                      "$.tcb.accept[1]");
  ExpectPolicyRefused(With(R"("tcb":{"accept":["UpToDate","UpToDate"]})"),
                      "$.tcb.accept[1]");
}

TEST(ParsePolicy, A9_BrokenJsonIsRefused) {
  const std::string good = With("");
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_THAT(MeasurementPolicy::Parse(good.substr(0, size)),
                Fails(Reason::kPolicyInvalid))
        << size;
  }
  ExpectPolicyRefused(good + "x", "not JSON");
  ExpectPolicyRefused(good + good, "not JSON");
  ExpectPolicyRefused(With("\"mr_seam\":[\"\xff\xfe\"]"), "not JSON");
  ExpectPolicyRefused(With("\"a\":" + std::string(20000, '[')), "not JSON");
  ExpectPolicyRefused(With("") + std::string(std::size_t{64} * 1024, ' '),
                      "larger than");
}

struct BrokenText {
  std::string text;
  std::string place;
};

TEST(ParsePolicy, BrokenJsonIsRefusedByLineAndColumn) {
  const std::vector<BrokenText> broken = {
      {"", "line 1, column 1: the text ends here, unfinished"},
      {std::string("{\n}\0", 4), "line 2, column 2: a NUL byte"},
      {"{\"a\\\"1\": [1,\n 123456789012345678901]}",
       "line 2, column 2: not a number, or too large a one"},
      {"{\"a\":1.}", "line 1, column 6: not a number, or too large a one"},
      {"{\n  \"version\": 1,\n}", "line 3, column 1: unexpected character"},
      {R"({"version":1 "tee":1})", "line 1, column 14: object value separator"},
      {"{\"version\" 1}", "line 1, column 12: object property name separator"},
      {"{version:1}", "line 1, column 2: quoted object property name expected"},
      {"{\"a\":}", "line 1, column 6: unexpected character"},
      {"{\"a\":[1 2]}", "line 1, column 9: array value separator ','"},
      {"{\"a\":[1,]}", "line 1, column 9: unexpected character"},
      {"{\"a\":1", "line 1, column 7: the text ends here, unfinished"},
      {"{\"a\":1}\n{}", "line 2, column 1: unexpected character"},
      {"{\"\xc3\xa4\":'x'}", "line 1, column 6: unexpected character"},
      {R"({"a":"x)", "line 1, column 8: the text ends here, unfinished"},
      {R"({"a":"\x"})", "line 1, column 8: invalid string sequence"},
      {"{\"a\":-}", "line 1, column 7: number expected"},
      {"{\"a\":\n\"\xff\"}", "line 2: not UTF-8"},
      {"\xef\xbb\xbf{}", "byte order mark"},
      {std::string(2000, '['), "column 65: nesting too deep"},
      // What json-c takes and the parser does not.
      {"{\"a\":\"x\ny\"}", "line 1, column 8: a line break or another control"},
      {"{\"a\":\"\\\"\tx\"}",
       "line 1, column 9: a line break or another control"},
      {"{\"a\":\"x,\n\"b\":1}",
       "line 1, column 9: a line break or another control"},
      {"{\"N1\":NaN}", "line 1, column 7: not a number, or too large a one"},
      {"{\"a\":-Infinity}", "line 1, column 6: not a number, or too large"},
      {R"({"a":1,"b":"\ud800"})", "line 1, column 12: a string with an escape"},
      {R"({"a":"\udc00\ud800"})", "line 1, column 6: a string with an escape"}};
  for (const BrokenText& row : broken) {
    ExpectPolicyRefused(row.text, row.place);
  }
}

TEST(ParsePolicy, WhatIsExpectedInsteadIsNamed) {
  ExpectPolicyRefused(With(R"("acknowledge":["rtmr3"])"),
                      "expected one of rtmr0, rtmr1, rtmr2, learned");
  ExpectPolicyRefused(With(R"("tcb":{"accept":["Revoked"]})"),
                      "one of UpToDate, ");
  ExpectPolicyRefused(With(R"("mrtd":1)"),
                      "expected one of version, tee, mr_td");
  ExpectPolicyRefused(With(R"("events":{"kernal":1})"), "kernel");
}

}  // namespace
}  // namespace tdxvfs::policy

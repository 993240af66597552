// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_answer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/hex.h"
#include "simulator/pccs_fault.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using ::testing::HasSubstr;

constexpr const char* kFmspc = "00806f050000";

const PccsContent& Content() {
  static const PccsContent content =
      MakePccsContent(testing::GoodPki(), {}).value();
  return content;
}

PccsAnswer Get(const std::string& path,
               const std::map<std::string, std::string>& parameters = {}) {
  return AnswerPccs(Content(), {path, parameters}).value();
}

std::string Number(unsigned number) {
  return "\"tcbEvaluationDataNumber\":" + std::to_string(number) + ",";
}

TEST(PccsAnswer, HandsOutTcbInfoOfBothTees) {
  const auto tdx = Get("/tdx/certification/v4/tcb", {{"fmspc", kFmspc}});
  EXPECT_EQ(tdx.status, 200U);
  EXPECT_TRUE(tdx.body.starts_with(R"({"tcbInfo":{"id":"TDX")"));
  EXPECT_TRUE(tdx.headers.at("TCB-Info-Issuer-Chain")
                  .starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
  const auto sgx =
      Get("/sgx/certification/v4/tcb", {{"fmspc", "00806F050000"}});
  EXPECT_TRUE(sgx.body.starts_with(R"({"tcbInfo":{"id":"SGX")"));
}

TEST(PccsAnswer, ServesThreeNumbers) {
  const std::string path = "/tdx/certification/v4/tcb";
  for (const auto& [name, word, number] :
       std::vector<std::tuple<std::string, std::string, unsigned>>{
           {"update", "standard", 20},
           {"update", "early", 21},
           {"tcbEvaluationDataNumber", "19", 19},
           {"tcbEvaluationDataNumber", "21", 21}}) {
    const auto answer = Get(path, {{"fmspc", kFmspc}, {name, word}});
    EXPECT_THAT(answer.body, HasSubstr(Number(number))) << word;
    const auto identity =
        Get("/sgx/certification/v4/qe/identity", {{name, word}});
    EXPECT_THAT(identity.body, HasSubstr(Number(number))) << word;
  }
  const auto numbers = Get("/sgx/certification/v4/tcbevaluationdatanumbers");
  EXPECT_THAT(numbers.body, HasSubstr(R"({"id":"SGX","version":1)"));
  EXPECT_THAT(numbers.body, HasSubstr(Number(21)));
  EXPECT_EQ(numbers.headers.count("TCB-Evaluation-Data-Numbers-Issuer-Chain"),
            1U);
}

TEST(PccsAnswer, HandsOutCrlsInEveryEncoding) {
  const std::string path = "/sgx/certification/v4/pckcrl";
  const auto pem = Get(path, {{"ca", "platform"}});
  EXPECT_TRUE(pem.body.starts_with("-----BEGIN X509 CRL-----\n"));
  EXPECT_EQ(pem.headers.count("SGX-PCK-CRL-Issuer-Chain"), 1U);
  const auto der = Get(path, {{"ca", "platform"}, {"encoding", "der"}});
  EXPECT_EQ(AsText(Content().pck_crl), der.body);
  EXPECT_EQ(Get("/sgx/certification/v4/rootcacrl").body,
            ToHex(Content().root_ca_crl));
  EXPECT_EQ(Get("/IntelSGXRootCA.der").body, AsText(Content().root_ca_crl));
}

TEST(PccsAnswer, HandsOutThePckCertificate) {
  const auto answer =
      Get("/sgx/certification/v4/pckcert", {{"encrypted_ppid", ""},
                                            {"cpusvn", std::string(32, '7')},
                                            {"pcesvn", "0b00"},
                                            {"pceid", "0000"}});
  EXPECT_EQ(answer.body, ToPem(testing::GoodPki().leaf()).value());
  EXPECT_EQ(answer.headers.at("SGX-FMSPC"), kFmspc);
  EXPECT_EQ(answer.headers.at("SGX-PCK-Certificate-CA-Type"), "platform");
  EXPECT_EQ(answer.headers.at("SGX-TCBm"),
            "070702020301000300000000000000000b00");
}

TEST(PccsAnswer, RefusesWhatIsWrongOrNotThere) {
  struct Row {
    unsigned status;
    std::string path;
    std::map<std::string, std::string> parameters;
  };
  const std::string tcb = "/tdx/certification/v4/tcb";
  const std::string crl = "/sgx/certification/v4/pckcrl";
  for (const Row& row : std::vector<Row>{
           {400, tcb, {}},
           {400, tcb, {{"fmspc", "00806f05"}}},
           {400, tcb, {{"fmspc", kFmspc}, {"update", "soon"}}},
           {400, tcb, {{"fmspc", kFmspc}, {"tcbEvaluationDataNumber", "x"}}},
           {400,
            tcb,
            {{"fmspc", kFmspc},
             {"update", "early"},
             {"tcbEvaluationDataNumber", "20"}}},
           {404, tcb, {{"fmspc", "b0c06f000000"}}},
           {410, tcb, {{"fmspc", kFmspc}, {"tcbEvaluationDataNumber", "18"}}},
           {404, tcb, {{"fmspc", kFmspc}, {"tcbEvaluationDataNumber", "22"}}},
           {400, crl, {}},
           {400, crl, {{"ca", "root"}}},
           {400, crl, {{"ca", "platform"}, {"encoding", "hex"}}},
           {404, crl, {{"ca", "processor"}}},
           {400, "/sgx/certification/v4/pckcert", {}},
           {404, "/tdx/certification/v4/pckcrl", {{"ca", "platform"}}},
           {404, "/sgx/certification/v3/tcb", {{"fmspc", kFmspc}}},
           {404, "/", {}}}) {
    EXPECT_EQ(Get(row.path, row.parameters).status, row.status) << row.path;
  }
}

TEST(PccsFault, ReadsKindPathAndTimes) {
  ASSERT_OK_AND_ASSIGN(const PccsFault fault,
                       ParsePccsFault("too-many,pckcrl,2"));
  EXPECT_EQ(fault.kind, PccsFaultKind::kTooMany);
  EXPECT_EQ(fault.path, "pckcrl");
  EXPECT_EQ(fault.times, 2);
  ASSERT_OK_AND_ASSIGN(const PccsFault always, ParsePccsFault("stale"));
  EXPECT_EQ(always.path, "");
  EXPECT_FALSE(always.times.has_value());
  for (const char* text : {"", "none", "stale,tcb,0", "stale,tcb,x"}) {
    EXPECT_THAT(ParsePccsFault(text), Fails(Reason::kUsage)) << text;
  }
}

TEST(PccsFault, ChangesWhatItNames) {
  const auto broken = [](PccsFaultKind kind) {
    PccsAnswer answer = Get("/tdx/certification/v4/qe/identity");
    ApplyPccsFault(kind, answer);
    return answer;
  };
  const std::string header = "SGX-Enclave-Identity-Issuer-Chain";
  const PccsAnswer good = Get("/tdx/certification/v4/qe/identity");
  EXPECT_EQ(broken(PccsFaultKind::kServerError).status, 500U);
  EXPECT_EQ(broken(PccsFaultKind::kUnavailable).status, 503U);
  EXPECT_EQ(broken(PccsFaultKind::kNotFound).status, 404U);
  EXPECT_EQ(broken(PccsFaultKind::kTooMany).headers.at("Retry-After"), "1");
  EXPECT_EQ(broken(PccsFaultKind::kRedirect).status, 302U);
  EXPECT_GT(broken(PccsFaultKind::kBodyTooLarge).body.size(), 1U << 20U);
  EXPECT_GT(broken(PccsFaultKind::kHeaderTooLarge).headers.at(header).size(),
            std::size_t{64} * 1024);
  EXPECT_EQ(broken(PccsFaultKind::kNoChain).headers.count(header), 0U);
  EXPECT_THAT(broken(PccsFaultKind::kWrongContent).body, HasSubstr("<html>"));
  const std::string reversed =
      broken(PccsFaultKind::kChainReversed).headers.at(header);
  EXPECT_EQ(reversed,
            PercentEncoded(testing::GoodPki().RootPem().value() +
                           ToPem(testing::GoodPki().tcb_signing()).value()));
  EXPECT_NE(reversed, good.headers.at(header));
}

}  // namespace
}  // namespace tdxvfs::simulator

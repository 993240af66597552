// SPDX-License-Identifier: Apache-2.0
// Real quotes with real collateral, and one change to either.
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "attest/verify/given_collateral.h"
#include "attest/verify/verify_quote.h"
#include "tests/support/json_members.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::verify {
namespace {

using simdjson::dom::element;
using ::tdxvfs::testing::FlagOf;
using ::tdxvfs::testing::ReadBytes;
using ::tdxvfs::testing::TestDataFolder;
using ::tdxvfs::testing::TextOf;
using ::tdxvfs::testing::TimeFromText;

std::vector<std::string> TextsOf(const element& item, std::string_view name) {
  std::vector<std::string> texts;
  simdjson::dom::array list;
  if (item[name].get(list) == simdjson::SUCCESS) {
    for (const element text : list) {
      texts.emplace_back(std::string_view(text));
    }
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

// The file of a member of a set, or the one that a vector puts in its place.
std::vector<std::uint8_t> MemberOf(const element& item, std::string_view member,
                                   std::string_view extension) {
  std::string_view instead;
  if (item["override"][member].get(instead) == simdjson::SUCCESS) {
    return ReadBytes(TestDataFolder() / instead);
  }
  return ReadBytes(TestDataFolder() / TextOf(item, "collateral") /
                   (std::string(member) + std::string(extension)));
}

CollateralDocuments DocumentsOf(const element& item) {
  const auto text = [&](std::string_view member, std::string_view extension) {
    return std::string(AsText(MemberOf(item, member, extension)));
  };
  return {.tcb_info = text("tcb_info", ".json"),
          .tcb_signing_chain = text("tcb_signing_chain", ".pem"),
          .qe_identity = text("qe_identity", ".json"),
          .root_ca_crl = MemberOf(item, "root_ca_crl", ".der"),
          .pck_crl = MemberOf(item, "pck_crl", ".der"),
          .pck_crl_issuer_chain = text("pck_crl_issuer_chain", ".pem")};
}

Result<Evaluation> JudgeVector(const element& item, const TrustAnchor& anchor) {
  auto quote =
      attest::ParseQuote(ReadBytes(TestDataFolder() / TextOf(item, "quote")));
  if (!quote.has_value()) {
    Evaluation evaluation;
    evaluation.failure_class = FailureClass::kFormat;
    evaluation.failure = quote.error().ToString();
    return evaluation;
  }
  GivenCollateral collateral(DocumentsOf(item), anchor);
  return VerifyQuote(std::move(*quote),
                     {anchor, TimeFromText(TextOf(item, "at")), &collateral});
}

simdjson::dom::array Load(simdjson::dom::parser& parser,
                          std::string_view file) {
  return parser.load((TestDataFolder() / file).string());
}

std::string NameOf(std::optional<attest::TcbStatus> status) {
  return status.has_value() ? std::string(attest::TcbStatusName(*status)) : "";
}

void ExpectVerdict(const element& vector, const Evaluation& evaluation) {
  ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
  ASSERT_TRUE(evaluation.tcb.has_value());
  const attest::TcbVerdict& tcb = *evaluation.tcb;
  EXPECT_EQ(NameOf(tcb.status), TextOf(vector, "tcb_status"));
  EXPECT_EQ(NameOf(tcb.platform_status), TextOf(vector, "platform_status"));
  EXPECT_EQ(NameOf(tcb.module_status), TextOf(vector, "module_status"));
  EXPECT_EQ(NameOf(tcb.qe_status), TextOf(vector, "qe_status"));
  EXPECT_EQ(NameOf(tcb.launch_status), TextOf(vector, "launch_status"));
  EXPECT_EQ(NameOf(tcb.current_status), TextOf(vector, "current_status"));
  EXPECT_EQ(tcb.date, TimeFromText(TextOf(vector, "tcb_date")));
  EXPECT_EQ(tcb.advisory_ids, TextsOf(vector, "advisory_ids"));
  EXPECT_GT(tcb.earliest_expiry, TimeFromText(TextOf(vector, "at")));
  EXPECT_LE(tcb.earliest_issue, tcb.latest_issue);
  // TCB info, QE identity and PCK CRL live for 30 days.
  EXPECT_GE(tcb.earliest_document_issue, tcb.earliest_issue);
  EXPECT_GT(tcb.earliest_document_issue,
            TimeFromText(TextOf(vector, "at")) - std::chrono::days(32));
  EXPECT_EQ(evaluation.remedy.empty(),
            tcb.status == attest::TcbStatus::kUpToDate);
}

TEST(RealVectors, HaveExactlyTheirStatus) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  simdjson::dom::parser parser;
  int judged = 0;
  for (const element vector : Load(parser, "vectors.json")) {
    SCOPED_TRACE(TextOf(vector, "id"));
    ++judged;
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         JudgeVector(vector, anchor));
    if (FlagOf(vector, "pck_not_yet_valid")) {
      EXPECT_EQ(evaluation.failure_class, FailureClass::kNotYetValid);
    } else if (TextOf(vector, "tcb_status") == "NotSupported") {
      EXPECT_EQ(evaluation.failure_class, FailureClass::kTcbNotSupported);
    } else {
      ExpectVerdict(vector, evaluation);
      continue;
    }
    EXPECT_FALSE(evaluation.genuine);
    EXPECT_FALSE(evaluation.tcb.has_value());
  }
  EXPECT_GE(judged, 177);
}

// The classes that fit the layer which should refuse a vector. The key itself
// is only looked at once the QE vouched for it, so that a changed one is the
// report data's fault.
const std::set<std::string_view, std::less<>>& ClassesOf(
    const std::string& stage) {
  static const std::map<std::string, std::set<std::string_view, std::less<>>>
      stage_classes = {
          {"format", {"format"}},
          {"trailing", {"format"}},
          {"format-or-no-pck-chain", {"format", "unsupported"}},
          {"pck-chain", {"pck-chain"}},
          {"pck-chain-lenient", {"pck-chain"}},
          {"qe-report-signature", {"qe-report-signature"}},
          {"qe-report-data", {"qe-report-data"}},
          {"attestation-key", {"qe-report-data", "attestation-key"}},
          {"quote-signature", {"quote-signature"}},
          {"root-crl", {"crl"}},
          {"root-crl(strict der)", {"crl"}},
          {"pck-crl", {"crl"}},
          {"tcb-signing-chain", {"tcb-signing-chain"}},
          {"tcb-info-signature", {"tcb-info-signature"}},
          {"tcb-info-signature(strict)", {"tcb-info-signature"}},
          {"tcb-info-format", {"tcb-info-format"}},
          {"tcb-info-format(duplicate key)", {"tcb-info-format"}},
          {"tcb-info-format(depth)", {"tcb-info-format"}},
          {"tcb-info-mismatch", {"tcb-info-mismatch"}},
          {"qe-identity-signature", {"qe-identity-signature"}},
          {"qe-identity-format", {"qe-identity-format"}},
          {"qe-identity-mismatch", {"qe-identity-mismatch"}},
          {"expired", {"expired"}},
          {"not-yet-valid", {"not-yet-valid"}},
      };
  static const std::set<std::string_view, std::less<>> no_class;
  const auto found = stage_classes.find(stage);
  return found == stage_classes.end() ? no_class : found->second;
}

TEST(RealVectors, A9_WithOneChangeAreRefusedByItsClass) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  simdjson::dom::parser parser;
  int refused = 0;
  for (const element vector : Load(parser, "negative.json")) {
    SCOPED_TRACE(TextOf(vector, "id"));
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         JudgeVector(vector, anchor));
    const std::string expect = TextOf(vector, "expect");
    if (expect == "accept") {
      EXPECT_TRUE(evaluation.genuine) << evaluation.failure;
    }
    if (expect != "reject") {
      continue;
    }
    EXPECT_FALSE(evaluation.genuine);
    EXPECT_FALSE(evaluation.tcb.has_value());
    EXPECT_EQ(ClassesOf(TextOf(vector, "stage"))
                  .count(FailureClassName(evaluation.failure_class)),
              1U)
        << FailureClassName(evaluation.failure_class) << " for stage "
        << TextOf(vector, "stage") << ": " << evaluation.failure;
    ++refused;
  }
  EXPECT_GE(refused, 480);
}

// The two harmless changes that testdata leaves open (docs/protocol.md).
TEST(RealVectors, LineEndingsOfTheChainMayDifferButNotItsOrder) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  simdjson::dom::parser parser;
  int judged = 0;
  for (const element vector : Load(parser, "negative.json")) {
    if (TextOf(vector, "expect") != "either") {
      continue;
    }
    const std::string id = TextOf(vector, "id");
    const bool line_endings = id.find("-crlf") != std::string::npos;
    const bool order = id.find("-root-first") != std::string::npos;
    ASSERT_NE(line_endings, order) << id;
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         JudgeVector(vector, anchor));
    EXPECT_EQ(evaluation.genuine, line_endings) << id;
    ++judged;
  }
  EXPECT_EQ(judged, 6);
}

TEST(RealVectors, CollateralIsNotAskedForAQuoteThatDoesNotHold) {
  TDXVFS_NEEDS_TESTDATA();
  class NeverAsked : public CollateralSource {
   public:
    Result<CollateralOutcome> Find(const Wanted& /*wanted*/) override {
      return Error(Reason::kCollateralUnavailable, "asked");
    }
  };
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  simdjson::dom::parser parser;
  for (const element vector : Load(parser, "negative.json")) {
    if (TextOf(vector, "stage") != "quote-signature") {
      continue;
    }
    ASSERT_OK_AND_ASSIGN(
        auto quote, attest::ParseQuote(
                        ReadBytes(TestDataFolder() / TextOf(vector, "quote"))));
    NeverAsked source;
    EXPECT_THAT(
        VerifyQuote(std::move(quote),
                    {anchor, TimeFromText(TextOf(vector, "at")), &source}),
        testing::Succeeds());
  }
}

}  // namespace
}  // namespace tdxvfs::verify

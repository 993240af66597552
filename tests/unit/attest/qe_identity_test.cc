// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/qe_identity.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/verify/signed_document.h"
#include "simulator/signed_json.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using simulator::ApplyEdits;
using simulator::QeIdentitySpec;
using testing::Fails;
using testing::GoodCollateral;
using testing::GoodPki;
using ::testing::HasSubstr;

std::string SignedIdentity(const QeIdentitySpec& spec) {
  const std::string text =
      simulator::MakeQeIdentity(spec, GoodPki().tcb_signing_key()).value();
  return std::string(
      OpenSignedDocument(text, "enclaveIdentity").value().signed_bytes);
}

TEST(QeIdentity, ReadsWhatADocumentSays) {
  for (const attest::Tee tee : {attest::Tee::kSgx, attest::Tee::kTdx}) {
    QeIdentitySpec spec = GoodCollateral(tee).qe_identity;
    spec.misc_select = {1, 2, 3, 4};
    spec.isv_prod_id = 0xffff;
    ASSERT_OK_AND_ASSIGN(const QeIdentity identity,
                         ParseQeIdentity(SignedIdentity(spec)));
    EXPECT_EQ(identity.tee, tee);
    EXPECT_EQ(identity.issue_date, spec.issue_date);
    EXPECT_EQ(identity.next_update, spec.next_update);
    EXPECT_EQ(identity.evaluation_number, spec.evaluation_number);
    EXPECT_EQ(identity.misc_select, spec.misc_select);
    EXPECT_EQ(identity.misc_select_mask, spec.misc_select_mask);
    EXPECT_EQ(identity.attributes, spec.attributes);
    EXPECT_EQ(identity.attributes_mask, spec.attributes_mask);
    EXPECT_EQ(identity.mr_signer, spec.mr_signer);
    EXPECT_EQ(identity.isv_prod_id, spec.isv_prod_id);
    ASSERT_EQ(identity.levels.size(), spec.levels.size());
    EXPECT_EQ(identity.levels[1].isv_svn, spec.levels[1].isv_svn);
    EXPECT_EQ(identity.levels[1].outcome.status, attest::TcbStatus::kOutOfDate);
    EXPECT_EQ(identity.levels[1].outcome.advisory_ids,
              spec.levels[1].outcome.advisory_ids);
  }
}

struct IdentityRow {
  std::string from;
  std::string to;
  std::string named;
};

TEST(QeIdentity, RefusesOneWrongMember) {
  const std::string good = SignedIdentity(GoodCollateral().qe_identity);
  const std::vector<IdentityRow> rows = {
      {R"("TD_QE")", R"("QVE")", "$.id"},
      {R"("TD_QE")", R"("QAE")", "$.id"},
      {R"("TD_QE")", R"("td_qe")", "$.id"},
      {R"("id")", R"("ID")", "$.id: missing"},
      {R"("version":2)", R"("version":1)", "$.version"},
      {R"("version":2)", R"("version":3)", "$.version"},
      {R"("issueDate":"2)", R"("issueDate":"x)", "$.issueDate"},
      {R"("nextUpdate":"2)", R"("nextUpdate":"x)", "$.nextUpdate"},
      {R"("tcbEvaluationDataNumber":20)", R"("tcbEvaluationDataNumber":20.0)",
       "$.tcbEvaluationDataNumber"},
      {R"("miscselect":"00)", R"("miscselect":")", "$.miscselect"},
      {R"("miscselectMask")", R"("mask")", "$.miscselectMask: missing"},
      {R"("attributes":"11)", R"("attributes":"1g)", "$.attributes"},
      {R"("attributesMask":"FB)", R"("attributesMask":"FBFB)",
       "$.attributesMask"},
      {R"("mrsigner":")", R"("mrsigner":"00)", "$.mrsigner"},
      {R"("isvprodid":)", R"("isvprodid":65536,"was":)", "$.isvprodid"},
      {R"("isvsvn":)", R"("isvsvn":-1,"was":)", "tcb.isvsvn"},
      {R"("isvsvn":)", R"("isvsvn":65536,"was":)", "tcb.isvsvn"},
      {R"("isvsvn":)", R"("isvsvn":0,"was":)", "$.tcbLevels[1]"},
      {R"("tcbStatus":"UpToDate")",
       R"("tcbStatus":"OutOfDateConfigurationNeeded")", "$.tcbLevels[0]"},
      {R"("tcbStatus":"UpToDate")", R"("tcbStatus":"Fine")",
       "$.tcbLevels[0].tcbStatus"},
      {R"("tcbLevels":[)", R"("tcbLevels":[],"was":[)", "$.tcbLevels: empty"},
      {R"("id")", R"("id":"QE","id")", "twice"}};
  for (const IdentityRow& row : rows) {
    const auto parsed =
        ParseQeIdentity(ApplyEdits(good, {{row.from, row.to}}).value());
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << row.to;
    EXPECT_THAT(parsed.error().ToString(), HasSubstr(row.named)) << row.to;
  }
}

}  // namespace
}  // namespace tdxvfs::verify

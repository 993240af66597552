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
      {"\"TD_QE\"", "\"QVE\"", "$.id"},
      {"\"TD_QE\"", "\"QAE\"", "$.id"},
      {"\"TD_QE\"", "\"td_qe\"", "$.id"},
      {"\"id\"", "\"ID\"", "$.id: missing"},
      {"\"version\":2", "\"version\":1", "$.version"},
      {"\"version\":2", "\"version\":3", "$.version"},
      {"\"issueDate\":\"2", "\"issueDate\":\"x", "$.issueDate"},
      {"\"nextUpdate\":\"2", "\"nextUpdate\":\"x", "$.nextUpdate"},
      {"\"tcbEvaluationDataNumber\":20", "\"tcbEvaluationDataNumber\":20.0",
       "$.tcbEvaluationDataNumber"},
      {"\"miscselect\":\"00", "\"miscselect\":\"", "$.miscselect"},
      {"\"miscselectMask\"", "\"mask\"", "$.miscselectMask: missing"},
      {"\"attributes\":\"11", "\"attributes\":\"1g", "$.attributes"},
      {"\"attributesMask\":\"FB", "\"attributesMask\":\"FBFB",
       "$.attributesMask"},
      {"\"mrsigner\":\"", "\"mrsigner\":\"00", "$.mrsigner"},
      {"\"isvprodid\":", "\"isvprodid\":65536,\"was\":", "$.isvprodid"},
      {"\"isvsvn\":", "\"isvsvn\":-1,\"was\":", "tcb.isvsvn"},
      {"\"isvsvn\":", "\"isvsvn\":65536,\"was\":", "tcb.isvsvn"},
      {"\"isvsvn\":", "\"isvsvn\":0,\"was\":", "$.tcbLevels[1]"},
      {"\"tcbStatus\":\"UpToDate\"",
       "\"tcbStatus\":\"OutOfDateConfigurationNeeded\"", "$.tcbLevels[0]"},
      {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"Fine\"",
       "$.tcbLevels[0].tcbStatus"},
      {"\"tcbLevels\":[", "\"tcbLevels\":[],\"was\":[", "$.tcbLevels: empty"},
      {"\"id\"", "\"id\":\"QE\",\"id\"", "twice"}};
  for (const IdentityRow& row : rows) {
    const auto parsed =
        ParseQeIdentity(ApplyEdits(good, {{row.from, row.to}}).value());
    ASSERT_THAT(parsed, Fails(Reason::kQuoteInvalid)) << row.to;
    EXPECT_THAT(parsed.error().ToString(), HasSubstr(row.named)) << row.to;
  }
}

}  // namespace
}  // namespace tdxvfs::verify

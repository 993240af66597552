// SPDX-License-Identifier: Apache-2.0
#include "tests/support/real_collateral.h"

#include <simdjson.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "attest/verify/pem_chain.h"
#include "tests/support/json_members.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using testing::ReadBytes;
using testing::ReadCollateral;
using testing::ReadText;
using testing::RealCollateralFolders;
using testing::TestDataFolder;
using testing::TextOf;
using testing::TimeFromText;
namespace dom = simdjson::dom;

const TrustAnchor& Intel() {
  static const TrustAnchor anchor = TrustAnchor::Intel().value();
  return anchor;
}

// The CA whose CRL a set holds, as quotes carry it. (The issuer chain that the
// Processor CA's sets come with has a damaged byte in the CA's name.)
std::shared_ptr<const PckCa> CaOf(bool is_platform_ca) {
  const std::string pem =
      ReadText(TestDataFolder() / "certs" /
               (is_platform_ca ? "intel_sgx_pck_platform_ca.pem"
                               : "intel_sgx_pck_processor_ca_0.pem"));
  return VerifyPckCa(SplitWholeChain(pem, 1).value().front(), Intel()).value();
}

Result<CollateralOutcome> VerifySet(const std::filesystem::path& folder,
                                    const CollateralDocuments& documents) {
  const bool is_platform_ca =
      folder.string().find("processor") == std::string::npos;
  return VerifyCollateral(documents, Intel(), CaOf(is_platform_ca));
}

Result<CollateralOutcome> VerifySet(const std::filesystem::path& folder) {
  return VerifySet(folder, ReadCollateral(folder));
}

TEST(RealCollateral, EverySetIsIntels) {
  TDXVFS_NEEDS_TESTDATA();
  std::size_t sets = 0;
  for (const auto& folder : RealCollateralFolders()) {
    ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome, VerifySet(folder));
    ASSERT_NE(outcome.collateral, nullptr)
        << folder.filename() << ": " << outcome.refusal.why;
    ++sets;
  }
  EXPECT_EQ(sets, 33U);
}

TEST(RealCollateral, IssuerChainLeadsToTheCaThatIsNotGiven) {
  TDXVFS_NEEDS_TESTDATA();
  for (const auto& folder : RealCollateralFolders()) {
    ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome,
                         VerifyCollateral(ReadCollateral(folder), Intel()));
    const bool is_damaged =
        folder.string().find("processor") != std::string::npos;
    EXPECT_EQ(outcome.collateral == nullptr, is_damaged) << folder.filename();
  }
}

// What each set says of itself was read by another program.
TEST(RealCollateral, EverySetSaysWhatItsDescriptionSays) {
  TDXVFS_NEEDS_TESTDATA();
  for (const auto& folder : RealCollateralFolders()) {
    SCOPED_TRACE(folder.filename());
    ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome, VerifySet(folder));
    ASSERT_NE(outcome.collateral, nullptr);
    const Collateral& set = *outcome.collateral;
    dom::parser parser;
    const dom::element described =
        parser.load((folder / "set.json").string()).value_unsafe();
    const bool is_tdx = TextOf(described, "tee") == "TDX";
    const attest::Tee tee = is_tdx ? attest::Tee::kTdx : attest::Tee::kSgx;
    EXPECT_EQ(set.tcb_info().tee, tee);
    EXPECT_EQ(set.qe_identity().tee, tee);
    EXPECT_EQ(ToHex(set.tcb_info().fmspc), TextOf(described, "fmspc"));
    EXPECT_EQ(set.platform_ca(), TextOf(described, "ca") == "platform");
    const dom::element info = described["tcb_info"].value_unsafe();
    EXPECT_EQ(set.tcb_info().issue_date,
              TimeFromText(TextOf(info, "issueDate")));
    EXPECT_EQ(set.tcb_info().next_update,
              TimeFromText(TextOf(info, "nextUpdate")));
    EXPECT_EQ(set.tcb_info().evaluation_number,
              info["tcbEvaluationDataNumber"].get_uint64().value_unsafe());
    EXPECT_EQ(set.qe_identity().evaluation_number,
              described["qe_identity"]["tcbEvaluationDataNumber"]
                  .get_uint64()
                  .value_unsafe());
  }
}

// The window of a set: from the latest issue to the earliest expiry.
TEST(RealCollateral, DatesHoldInTheWindowAndNotASecondOutside) {
  TDXVFS_NEEDS_TESTDATA();
  const auto second = std::chrono::seconds(1);
  const auto skew = std::chrono::minutes(5);
  for (const auto& folder : RealCollateralFolders()) {
    SCOPED_TRACE(folder.filename());
    ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome, VerifySet(folder));
    ASSERT_NE(outcome.collateral, nullptr);
    const Collateral& set = *outcome.collateral;
    dom::parser parser;
    const dom::element described =
        parser.load((folder / "set.json").string()).value_unsafe();
    const auto edge = [&described](std::size_t index) {
      const dom::element time = described["window"].at(index).value_unsafe();
      return TimeFromText(
          std::string(time.get_string().value_unsafe().substr(0, 19)) + "Z");
    };
    EXPECT_FALSE(set.CheckDates(edge(0)).has_value());
    EXPECT_FALSE(set.CheckDates(edge(1)).has_value());
    const auto early = set.CheckDates(edge(0) - skew - second);
    ASSERT_TRUE(early.has_value());
    EXPECT_EQ(early->failure, FailureClass::kNotYetValid);
    const auto late = set.CheckDates(edge(1) + second);
    ASSERT_TRUE(late.has_value());
    EXPECT_EQ(late->failure, FailureClass::kExpired);
  }
}

// A negative case of a set: one member replaced.
CollateralDocuments WithOverrides(dom::element item) {
  CollateralDocuments set =
      ReadCollateral(TestDataFolder() / TextOf(item, "collateral"));
  dom::object overrides;
  if (item["override"].get(overrides) != simdjson::SUCCESS) {
    return set;
  }
  for (const dom::key_value_pair member : overrides) {
    const auto path =
        TestDataFolder() / member.value.get_string().value_unsafe();
    if (member.key == "tcb_info") {
      set.tcb_info = ReadText(path);
    } else if (member.key == "qe_identity") {
      set.qe_identity = ReadText(path);
    } else if (member.key == "tcb_signing_chain") {
      set.tcb_signing_chain = ReadText(path);
    } else if (member.key == "root_ca_crl") {
      set.root_ca_crl = ReadBytes(path);
    } else if (member.key == "pck_crl") {
      set.pck_crl = ReadBytes(path);
    }
  }
  return set;
}

// The layer that should refuse and the class that we refuse with.
const std::map<std::string, FailureClass>& ClassesByStage() {
  static const std::map<std::string, FailureClass> classes = {
      {"tcb-info-signature", FailureClass::kTcbInfoSignature},
      {"tcb-info-signature(strict)", FailureClass::kTcbInfoSignature},
      {"tcb-info-format", FailureClass::kTcbInfoFormat},
      {"tcb-info-format(duplicate key)", FailureClass::kTcbInfoFormat},
      {"tcb-info-format(depth)", FailureClass::kTcbInfoFormat},
      {"qe-identity-signature", FailureClass::kQeIdentitySignature},
      {"qe-identity-format", FailureClass::kQeIdentityFormat},
      {"root-crl", FailureClass::kCrl},
      {"root-crl(strict der)", FailureClass::kCrl},
      {"pck-crl", FailureClass::kCrl},
      {"tcb-signing-chain", FailureClass::kTcbSigningChain},
  };
  return classes;
}

TEST(RealCollateral, EveryChangedMemberIsRefusedByItsLayer) {
  TDXVFS_NEEDS_TESTDATA();
  dom::parser parser;
  const dom::array list =
      parser.load((TestDataFolder() / "negative.json").string())
          .get_array()
          .value_unsafe();
  std::set<std::string> stages;
  for (const dom::element item : list) {
    const std::string stage = TextOf(item, "stage");
    const auto expected = ClassesByStage().find(stage);
    if (expected == ClassesByStage().end()) {
      continue;
    }
    ASSERT_OK_AND_ASSIGN(
        const CollateralOutcome outcome,
        VerifySet(TextOf(item, "collateral"), WithOverrides(item)));
    EXPECT_EQ(outcome.collateral, nullptr) << TextOf(item, "id");
    EXPECT_EQ(FailureClassName(outcome.refusal.failure),
              FailureClassName(expected->second))
        << TextOf(item, "id") << ": " << outcome.refusal.why;
    stages.insert(stage);
  }
  EXPECT_EQ(stages.size(), ClassesByStage().size());
}

// Nothing among them carries a signature of Intel's over an odd document.
TEST(RealCollateral, UnsignedOrCorruptedDocumentsAreRefused) {
  TDXVFS_NEEDS_TESTDATA();
  const auto folder = RealCollateralFolders()[0];
  const CollateralDocuments good = ReadCollateral(folder);
  std::size_t documents = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           TestDataFolder() / "parse-negative")) {
    CollateralDocuments as_tcb_info = good;
    as_tcb_info.tcb_info = ReadText(entry.path());
    CollateralDocuments as_identity = good;
    as_identity.qe_identity = as_tcb_info.tcb_info;
    for (const CollateralDocuments& set : {as_tcb_info, as_identity}) {
      ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome,
                           VerifySet(folder, set));
      EXPECT_EQ(outcome.collateral, nullptr) << entry.path().filename();
    }
    ++documents;
  }
  EXPECT_GT(documents, 20U);
}

}  // namespace
}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "attest/quote.h"
#include "attest/verify/verify_quote.h"
#include "tests/support/json_members.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::verify {
namespace {

using attest::ParseQuote;
using ::tdxvfs::testing::FlagOf;
using ::tdxvfs::testing::ReadBytes;
using ::tdxvfs::testing::TestDataFolder;
using ::tdxvfs::testing::TextOf;
using ::tdxvfs::testing::TimeFromText;

struct Vector {
  std::string id;
  std::string quote;
  std::chrono::system_clock::time_point at;
  bool from_intel = false;
  bool crypto_ok = false;
  bool pck_not_yet_valid = false;
  std::string expect;
  std::string stage;
};

std::vector<Vector> ReadVectors(std::string_view file) {
  std::vector<Vector> vectors;
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.load((TestDataFolder() / file).string()).get(list) !=
      simdjson::SUCCESS) {
    return vectors;
  }
  for (const simdjson::dom::element item : list) {
    vectors.push_back({.id = TextOf(item, "id"),
                       .quote = TextOf(item, "quote"),
                       .at = TimeFromText(TextOf(item, "at")),
                       .from_intel = TextOf(item, "chain_root") == "intel",
                       .crypto_ok = FlagOf(item, "crypto_ok"),
                       .pck_not_yet_valid = FlagOf(item, "pck_not_yet_valid"),
                       .expect = TextOf(item, "expect"),
                       .stage = TextOf(item, "stage")});
  }
  return vectors;
}

TEST(RealQuotes, AreGenuineExactlyWhenTheirVectorSaysSo) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  const auto vectors = ReadVectors("vectors.json");
  ASSERT_GT(vectors.size(), 100U);
  int genuine = 0;
  for (const Vector& vector : vectors) {
    auto quote = ParseQuote(ReadBytes(TestDataFolder() / vector.quote));
    ASSERT_THAT(quote, testing::Succeeds()) << vector.id;
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         VerifyQuote(std::move(*quote), {anchor, vector.at}));
    EXPECT_EQ(evaluation.genuine, vector.from_intel && vector.crypto_ok &&
                                      !vector.pck_not_yet_valid)
        << vector.id << ": " << evaluation.failure;
    if (vector.from_intel && vector.pck_not_yet_valid) {
      EXPECT_EQ(evaluation.failure_class, FailureClass::kNotYetValid)
          << vector.id << ": " << evaluation.failure;
    }
    genuine += evaluation.genuine ? 1 : 0;
  }
  EXPECT_GT(genuine, 50);
}

// Whether an altered quote is accepted by parser and verifier together.
bool Accepted(const Vector& vector, const TrustAnchor& anchor) {
  auto quote = ParseQuote(ReadBytes(TestDataFolder() / vector.quote));
  if (!quote.has_value()) {
    return false;
  }
  const auto evaluation = VerifyQuote(std::move(*quote), {anchor, vector.at});
  return evaluation.has_value() && evaluation->genuine;
}

TEST(RealQuotes, A9_AlteredOnesAreRefused) {
  TDXVFS_NEEDS_TESTDATA();
  const std::set<std::string, std::less<>> stages = {
      "format",         "quote-signature", "qe-report-signature",
      "qe-report-data", "attestation-key", "format-or-no-pck-chain",
      "pck-chain",      "trailing",        "pck-chain-lenient"};
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  int refused = 0;
  for (const Vector& vector : ReadVectors("negative.json")) {
    const bool other_century =
        vector.id.find("time-2050") != std::string::npos ||
        vector.id.find("time-1970") != std::string::npos;
    if (stages.count(vector.stage) != 0 || other_century) {
      EXPECT_FALSE(Accepted(vector, anchor)) << vector.id;
      ++refused;
    } else if (vector.expect == "accept") {
      EXPECT_TRUE(Accepted(vector, anchor)) << vector.id;
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(RealQuotes, LeadNowhereUnderAnotherRoot) {
  TDXVFS_NEEDS_TESTDATA();
  const auto folder = TestDataFolder() / "synthetic-intel";
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    auto quote = ParseQuote(ReadBytes(entry.path()));
    if (!quote.has_value()) {
      continue;
    }
    ASSERT_OK_AND_ASSIGN(
        const Evaluation evaluation,
        VerifyQuote(std::move(*quote),
                    {anchor, TimeFromText("2025-06-01T00:00:00Z")}));
    EXPECT_FALSE(evaluation.genuine) << entry.path();
  }
}

TEST(RealQuotes, WithoutPckChainAreRefusedByName) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  ASSERT_OK_AND_ASSIGN(
      auto quote,
      ParseQuote(ReadBytes(TestDataFolder() / "quotes/v3-ct3-72a05bf6.bin")));
  ASSERT_OK_AND_ASSIGN(
      const Evaluation evaluation,
      VerifyQuote(std::move(quote),
                  {anchor, TimeFromText("2025-06-01T00:00:00Z")}));
  EXPECT_FALSE(evaluation.genuine);
  EXPECT_NE(evaluation.failure.find(
                "no PCK chain in quote (certification data type 3)"),
            std::string::npos)
      << evaluation.failure;
}

}  // namespace
}  // namespace tdxvfs::verify

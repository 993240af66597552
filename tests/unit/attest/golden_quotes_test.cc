// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::verify {
namespace {

// Quotes of an earlier day, whose private keys no longer exist: what was
// genuine then stays so.
TEST(GoldenQuotes, AreJudgedAsTheirVectorsSay) {
  const auto folder =
      std::filesystem::path(TDXVFS_SOURCE_DIR) / "tests/golden/attest";
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.load((folder / "vectors.json").string()).get(root),
            simdjson::SUCCESS);
  const auto pem = testing::ReadBytes(folder / "root.pem");
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor,
                       TrustAnchor::FromPem(AsText(pem)));
  const auto at =
      testing::TimeFromText(std::string(std::string_view(root["at"])));
  int judged = 0;
  for (const simdjson::dom::element vector :
       simdjson::dom::array(root["vectors"])) {
    const auto quote =
        testing::ReadBytes(folder / std::string_view(vector["quote"]));
    const auto verdict = testing::VerdictOn(quote, anchor, at);
    EXPECT_EQ(verdict.genuine ? "valid" : "invalid",
              std::string_view(vector["result"]))
        << std::string_view(vector["comment"]) << ": " << verdict.failure;
    EXPECT_EQ(verdict.failure_class, std::string_view(vector["failure"]));
    ++judged;
  }
  EXPECT_EQ(judged, 5);
}

}  // namespace
}  // namespace tdxvfs::verify

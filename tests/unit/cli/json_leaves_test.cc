// SPDX-License-Identifier: Apache-2.0
#include "cli/json_leaves.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::Fails;

TEST(JsonLeaves, GivesEveryScalarItsPlace) {
  ASSERT_OK_AND_ASSIGN(
      const auto leaves,
      ReadJsonLeaves(R"({"a":"x","b":{"0":["p","q"]},"c":[{"d":1},{"d":true}],)"
                     R"("e":null,"f":[]})"));
  std::string text;
  for (const JsonLeaf& leaf : leaves) {
    text += leaf.path + "=" + leaf.value + ";";
  }
  EXPECT_EQ(text, "a=x;b.0[]=p;b.0[]=q;c[0].d=1;c[1].d=true;e=null;");
  EXPECT_EQ(LeafAt(leaves, "c[1].d"), "true");
  EXPECT_EQ(LeafAt(leaves, "absent"), "");
}

TEST(JsonLeaves, RefusesWhatTwoReadersWouldReadDifferently) {
  EXPECT_THAT(ReadJsonLeaves(R"({"a":1,"a":2})"), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadJsonLeaves(R"({"a":{"b":1,"b":1}})"),
              Fails(Reason::kFileInvalid));
}

TEST(JsonLeaves, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "1", "{", "{} {}", "{\"a\":}", "nonsense",
                           "\"a\"", "{\"a\":\"\xff\"}"}) {
    EXPECT_THAT(ReadJsonLeaves(text), Fails(Reason::kFileInvalid)) << text;
  }
}

TEST(JsonLeaves, RefusesDeepNesting) {
  for (const int depth : {20, 100000}) {
    std::string text = "{\"a\":";
    text.append(static_cast<std::size_t>(depth), '[');
    text.append(static_cast<std::size_t>(depth), ']');
    EXPECT_THAT(ReadJsonLeaves(text + "}"), Fails(Reason::kFileInvalid));
  }
}

}  // namespace
}  // namespace tdxvfs::cli

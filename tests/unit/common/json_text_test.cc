// SPDX-License-Identifier: Apache-2.0
#include "common/json_text.h"

#include <simdjson.h>

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

using namespace std::string_view_literals;

struct Row {
  const char* name;
  std::string_view text;
  std::string_view json;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class JsonStringTest : public ::testing::TestWithParam<Row> {};

TEST_P(JsonStringTest, IsValidAndAsExpected) {
  const std::string json = JsonString(GetParam().text);
  EXPECT_EQ(json, GetParam().json);
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse("[" + json + "]").error(), simdjson::SUCCESS) << json;
}

constexpr Row kRows[] = {
    {"Empty", "", R"("")"},
    {"Plain", "abc", R"("abc")"},
    {"QuoteAndBackslash", R"(a"b\c)", R"("a\"b\\c")"},
    {"LineBreaks", "a\nb\rc\td", R"("a\nb\rc\td")"},
    {"OtherControls", "\0\x01\x1f\x7f"sv, "\"\\u0000\\u0001\\u001f\x7f\""},
    {"TwoBytes", "\xc3\xa9", "\"\xc3\xa9\""},
    {"ThreeBytes", "\xe2\x82\xac", "\"\xe2\x82\xac\""},
    {"FourBytes", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    {"LastCodePoint", "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""},
    {"BeyondLastCodePoint", "\xf4\x90\x80\x80",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"LoneContinuation", "\x80", "\"\xef\xbf\xbd\""},
    {"OverlongSlash", "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"OverlongThree", "\xe0\x80\xaf",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"Surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"CutShort", "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    {"CutShortByText", "\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
    {"NeverValid", "\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
};

INSTANTIATE_TEST_SUITE_P(Texts, JsonStringTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(JsonTime, CountsMillisecondsInUtc) {
  using std::chrono::milliseconds;
  using Time = std::chrono::system_clock::time_point;
  EXPECT_EQ(JsonTime(Time(milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(JsonTime(Time(milliseconds(1700000000007))),
            "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(JsonTime(Time(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(JsonObject, PlacesCommasAndEscapesNames) {
  EXPECT_EQ(JsonObject().Close(), "{}");
  EXPECT_EQ(JsonObject()
                .String("a\"", "x")
                .Number("n", -3)
                .Boolean("b", true)
                .Null("z")
                .Raw("list", JsonArray().String("1").Raw("2").Close())
                .Close(),
            R"({"a\"":"x","n":-3,"b":true,"z":null,"list":["1",2]})");
}

TEST(JsonArray, MayBeEmpty) { EXPECT_EQ(JsonArray().Close(), "[]"); }

}  // namespace
}  // namespace tdxvfs

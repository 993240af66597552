// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/field_list.h"

#include <string>
#include <vector>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

TEST(FieldList, GivesBackWhatWasWritten) {
  const std::string any("\0\xff\n", 3);
  const std::vector<std::uint8_t> bytes = FieldWriter()
                                              .Text("text", "some text")
                                              .Text("empty", "")
                                              .Text("any", any)
                                              .Number("number", -7)
                                              .Flag("flag", true)
                                              .Close();
  ASSERT_OK_AND_ASSIGN(FieldReader fields, FieldReader::Parse(bytes));
  EXPECT_EQ(fields.Text("text"), "some text");
  EXPECT_EQ(fields.Text("empty"), "");
  EXPECT_EQ(fields.Text("any"), any);
  EXPECT_EQ(fields.Number("number"), -7);
  EXPECT_TRUE(fields.Flag("flag"));
  EXPECT_FALSE(fields.OptionalNumber("absent").has_value());
  EXPECT_FALSE(fields.OptionalText("absent").has_value());
  EXPECT_THAT(fields.Finish(), Succeeds());
}

TEST(FieldList, BytesAreFixed) {
  EXPECT_EQ(ToHex(FieldWriter().Text("a", "xy").Number("bc", 10).Close()),
            "0161000000027879"
            "02626300000002"
            "3130");
}

TEST(FieldList, RefusesEveryTruncation) {
  const std::vector<std::uint8_t> bytes =
      FieldWriter().Text("name", "value").Flag("flag", false).Close();
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    auto fields = FieldReader::Parse(std::span(bytes).first(size));
    if (fields.has_value()) {
      (void)fields->Text("name");
      (void)fields->Flag("flag");
      EXPECT_THAT(fields->Finish(), Fails(Reason::kStoreInvalid)) << size;
    }
  }
}

TEST(FieldList, RefusesWhatIsDoubledMissingUnknownOrOfAnotherType) {
  EXPECT_THAT(
      FieldReader::Parse(FieldWriter().Text("a", "1").Text("a", "2").Close()),
      Fails(Reason::kStoreInvalid));
  const std::vector<std::uint8_t> bytes =
      FieldWriter().Text("a", "1x").Text("b", "2").Close();
  ASSERT_OK_AND_ASSIGN(FieldReader missing, FieldReader::Parse(bytes));
  (void)missing.Text("c");
  EXPECT_THAT(missing.Finish(), Fails(Reason::kStoreInvalid));
  ASSERT_OK_AND_ASSIGN(FieldReader unknown, FieldReader::Parse(bytes));
  (void)unknown.Text("a");
  EXPECT_THAT(unknown.Finish(), Fails(Reason::kStoreInvalid));
  ASSERT_OK_AND_ASSIGN(FieldReader number, FieldReader::Parse(bytes));
  (void)number.Number("a");
  (void)number.Text("b");
  EXPECT_THAT(number.Finish(), Fails(Reason::kStoreInvalid));
  ASSERT_OK_AND_ASSIGN(FieldReader flag, FieldReader::Parse(bytes));
  (void)flag.Text("a");
  (void)flag.Flag("b");
  EXPECT_THAT(flag.Finish(), Fails(Reason::kStoreInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver

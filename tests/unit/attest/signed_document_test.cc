// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/signed_document.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "attest/verify/json.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using testing::Fails;

const std::string& Signature() {
  static const std::string digits = [] {
    std::string text;
    for (int i = 0; i < 64; ++i) {
      text += "aB";
    }
    return text;
  }();
  return digits;
}

std::string Envelope(const std::string& inner) {
  return R"({"tcbInfo":)" + inner + R"(,"signature":")" + Signature() + R"("})";
}

Result<SignedDocument> Open(std::string_view text) {
  return OpenSignedDocument(text, "tcbInfo");
}

TEST(SignedDocument, HandsOutTheInnerObjectByteForByte) {
  for (const std::string inner :
       {"{}", R"({"a":1})", "{ \"a\" :\n[ 1 , {\t} ] }",
        R"({"}":"{","\"":"\\"})", R"({"a":"\\\"}","b":["]",{"c":"[{"}]})",
        R"({"ü":"é","signature":"x","tcbInfo":{}})"}) {
    const std::string text = Envelope(inner);
    ASSERT_OK_AND_ASSIGN(const SignedDocument document, Open(text));
    EXPECT_EQ(document.signed_bytes, inner);
    EXPECT_EQ(document.signature[63], 0xab);
  }
}

TEST(SignedDocument, TakesEitherOrderAndWhiteSpaceAround) {
  const std::string text = " \r\n{ \"signature\" : \"" + Signature() +
                           "\" , \"tcbInfo\" : {\"a\":{}} } \t\n";
  ASSERT_OK_AND_ASSIGN(const SignedDocument document, Open(text));
  EXPECT_EQ(document.signed_bytes, "{\"a\":{}}");
}

// A name may be spelt with escapes; the slice is found by order, not by name.
TEST(SignedDocument, FindsAMemberWhoseNameIsEscaped) {
  const std::string text =
      R"({"\u0074cbInfo":{"a":1},"signature":")" + Signature() + R"("})";
  ASSERT_OK_AND_ASSIGN(const SignedDocument document, Open(text));
  EXPECT_EQ(document.signed_bytes, R"({"a":1})");
}

TEST(SignedDocument, RefusesAnyOtherEnvelope) {
  const std::string sign = R"("signature":")" + Signature() + R"(")";
  const std::vector<std::string> refused = {
      "",
      " ",
      "null",
      "[]",
      "{}",
      "[" + Envelope("{}") + "]",
      R"({"tcbInfo":{}})",
      "{" + sign + "}",
      "{" + sign + "," + sign + "}",
      R"({"tcbInfo":{},"tcbInfo":{}})",
      R"({"tcbInfo":{},"tcbInfo":{},)" + sign + "}",
      R"({"tcbInfo":{},)" + sign + "," + sign + "}",
      R"({"tcbInfo":{},"x":1,)" + sign + "}",
      R"({"tcbInfo":{},"\u0074cbInfo":{},)" + sign + "}",
      R"({"tcbinfo":{},)" + sign + "}",
      R"({"enclaveIdentity":{},)" + sign + "}",
      Envelope("[]"),
      Envelope("\"{}\""),
      Envelope("null"),
      R"({"tcbInfo":{},"signature":1})",
      R"({"tcbInfo":{},"signature":""})",
      R"({"tcbInfo":{},"signature":")" + Signature().substr(2) + R"("})",
      R"({"tcbInfo":{},"signature":")" + Signature() + R"(00"})",
      R"({"tcbInfo":{},"signature":"g)" + Signature().substr(1) + R"("})",
      Envelope("{}") + "x",
      Envelope("{}") + Envelope("{}"),
      Envelope("{}") + std::string(1, '\0'),
      "\xef\xbb\xbf" + Envelope("{}"),
      Envelope("{}").substr(0, 40),
      Envelope("{\"a\":\"\xff\"}"),
      Envelope("{\"a\":\"\xed\xa0\x80\"}"),
      Envelope("{\"a\":01}"),
      Envelope("{\"a\":1,}"),
      Envelope("{'a':1}"),
      Envelope("{\"a\":\"\n\"}"),
      "/**/" + Envelope("{}")};
  for (const std::string& text : refused) {
    EXPECT_THAT(Open(text), Fails(Reason::kQuoteInvalid)) << text;
  }
}

// `depth` containers, the envelope's own included.
std::string Nested(std::size_t depth) {
  const std::size_t arrays = depth - 2;
  return Envelope("{\"a\":" + std::string(arrays, '[') + "0" +
                  std::string(arrays, ']') + "}");
}

TEST(SignedDocument, RefusesNestingAboveThirtyTwo) {
  EXPECT_THAT(Open(Nested(kMaxJsonDepth)), testing::Succeeds());
  EXPECT_THAT(Open(Nested(kMaxJsonDepth + 1)), Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(Open(Nested(100'000)), Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(Open(R"({"x":)" + std::string(100'000, '[')),
              Fails(Reason::kQuoteInvalid));
}

TEST(SignedDocument, RefusesMoreThanItsCap) {
  const auto padded = [](std::size_t size) {
    const std::size_t frame = Envelope(R"({"a":""})").size();
    return Envelope(R"({"a":")" + std::string(size - frame, 'x') + R"("})");
  };
  EXPECT_THAT(Open(padded(kMaxSignedDocument)), testing::Succeeds());
  EXPECT_THAT(Open(padded(kMaxSignedDocument + 1)),
              Fails(Reason::kQuoteInvalid));
}

}  // namespace
}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include "collateral/offline_bundle.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

NamedSet SetOfPlatform(std::uint8_t fmspc = 1) {
  return {.name = {.fmspc = {fmspc}},
          .documents = {.tcb_info = R"({"tcbInfo":{"a":"\u00e9"}})",
                        .tcb_signing_chain = "-----BEGIN\n-----END\n",
                        .qe_identity = "{}",
                        .root_ca_crl = {0x30, 0x00},
                        .pck_crl = {0x30, 0xff},
                        .pck_crl_issuer_chain = "chain\r\n"}};
}

TEST(OfflineBundle, GivesBackEveryByte) {
  NamedSet second = SetOfPlatform(2);
  second.name.update = Update::kEarly;
  ASSERT_OK_AND_ASSIGN(const std::vector<NamedSet> sets,
                       ParseBundle(BundleText({SetOfPlatform(), second})));
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_EQ(sets[0].name, SetOfPlatform().name);
  EXPECT_EQ(sets[1].name, second.name);
  EXPECT_EQ(sets[0].documents.tcb_info, SetOfPlatform().documents.tcb_info);
  EXPECT_EQ(sets[0].documents.tcb_signing_chain,
            SetOfPlatform().documents.tcb_signing_chain);
  EXPECT_EQ(sets[0].documents.qe_identity, "{}");
  EXPECT_EQ(sets[0].documents.root_ca_crl,
            SetOfPlatform().documents.root_ca_crl);
  EXPECT_EQ(sets[0].documents.pck_crl, SetOfPlatform().documents.pck_crl);
  EXPECT_EQ(sets[0].documents.pck_crl_issuer_chain, "chain\r\n");
}

struct Replacement {
  const char* name;
  std::string from;
  std::string to;
};

class BadBundle : public ::testing::TestWithParam<Replacement> {};

TEST_P(BadBundle, IsRefused) {
  std::string text = BundleText({SetOfPlatform()});
  const std::size_t place = text.find(GetParam().from);
  ASSERT_NE(place, std::string::npos);
  text.replace(place, GetParam().from.size(), GetParam().to);
  EXPECT_THAT(ParseBundle(text), Fails(Reason::kFileInvalid)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    OfflineBundle, BadBundle,
    ::testing::Values(
        Replacement{"NewerVersion", R"("version":1)", R"("version":2)"},
        Replacement{"TextVersion", R"("version":1)", R"("version":"1")"},
        Replacement{"NoVersion", R"("version":1,)", ""},
        Replacement{"DoubledVersion", R"("version":1)",
                    R"("version":1,"version":1)"},
        Replacement{"UnknownMember", R"("tee")", R"("te")"},
        Replacement{"DoubledMember", R"("tee":"tdx")",
                    R"("tee":"tdx","tee":"tdx")"},
        Replacement{"MissingMember", R"("qe_identity":"{}",)", ""},
        Replacement{"EmptyMember", R"("qe_identity":"{}")",
                    R"("qe_identity":"")"},
        Replacement{"NullMember", R"("qe_identity":"{}")",
                    R"("qe_identity":null)"},
        Replacement{"NestedMember", R"("qe_identity":"{}")",
                    R"("qe_identity":{})"},
        Replacement{"OddTee", R"("tdx")", R"("sev")"},
        Replacement{"ShortFmspc", R"("010000000000")", R"("0100000000")"},
        Replacement{"OddCa", R"("platform")", R"("root")"},
        Replacement{"OddUpdate", R"("standard")", R"("late")"},
        Replacement{"SplitName", R"("tdx")", R"("tdx-00")"},
        Replacement{"OddHex", R"("30ff")", R"("30f")"},
        Replacement{"Truncated", "]}\n", "]"},
        Replacement{"More", "]}\n", "]}{}"},
        Replacement{"SetsIsObject", R"("sets":[)", R"("sets":{"a":[)"}),
    [](const auto& row) { return row.param.name; });

TEST(OfflineBundle, RefusesTheSameSetTwiceAndNone) {
  EXPECT_THAT(ParseBundle(BundleText({SetOfPlatform(), SetOfPlatform()})),
              Fails(Reason::kFileInvalid));
  EXPECT_THAT(ParseBundle(BundleText({})), Fails(Reason::kFileInvalid));
}

TEST(OfflineBundle, HoldsSoManySetsAndNoMore) {
  std::vector<NamedSet> sets(kMaxSets, SetOfPlatform());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    sets[i].name.fmspc = {static_cast<std::uint8_t>(i)};
  }
  EXPECT_THAT(ParseBundle(BundleText(sets)), Succeeds());
  sets.push_back(sets.front());
  sets.back().name.fmspc[1] = 1;
  EXPECT_THAT(ParseBundle(BundleText(sets)), Fails(Reason::kFileInvalid));
}

TEST(OfflineBundle, RefusesWhatIsNotJson) {
  for (const std::string text :
       {"", " ", "[]", "null", "1", "{", "\xff", R"({"version":1,"sets":0})"}) {
    EXPECT_THAT(ParseBundle(text), Fails(Reason::kFileInvalid)) << text;
  }
  EXPECT_THAT(ParseBundle(std::string(100'000, '[')),
              Fails(Reason::kFileInvalid));
}

TEST(OfflineBundle, RefusesMembersAboveTheirCaps) {
  NamedSet set = SetOfPlatform();
  set.documents.tcb_info.assign(verify::kMaxSignedDocument + 1, 'a');
  EXPECT_THAT(ParseBundle(BundleText({set})), Fails(Reason::kFileInvalid));
  set = SetOfPlatform();
  set.documents.pck_crl.assign(verify::kMaxCrl + 1, 0x30);
  EXPECT_THAT(ParseBundle(BundleText({set})), Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::collateral

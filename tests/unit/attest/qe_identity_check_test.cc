// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/qe_identity_check.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

QeIdentity GoodIdentity() {
  QeIdentity identity;
  identity.misc_select_mask.fill(0xff);
  identity.attributes[0] = 0x11;
  identity.attributes_mask = {0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  identity.mr_signer.fill(0xdc);
  identity.isv_prod_id = 2;
  return identity;
}

attest::SgxReport GoodReport() {
  attest::SgxReport report;
  report.attributes[0] = 0x15;  // MODE64BIT is outside the mask
  report.attributes[8] = 0xe7;
  report.mr_signer.fill(0xdc);
  report.isv_prod_id = 2;
  return report;
}

// Names of the checks that failed, joined by ", ".
std::string FailedNames(const attest::Checks& checks) {
  std::string names;
  for (const attest::Check& check : checks) {
    if (!check.passed) {
      names += (names.empty() ? "" : ", ") + check.name;
    }
  }
  return names;
}

struct QeCase {
  std::string failed;
  std::function<void(attest::SgxReport&, QeIdentity&)> change;
};

TEST(CheckQeIdentity, FailsForEveryFieldThatDiffers) {
  const std::vector<QeCase> cases = {
      {"", [](attest::SgxReport&, QeIdentity&) {}},
      {"QE MRSIGNER",
       [](attest::SgxReport& r, QeIdentity&) { r.mr_signer[31] ^= 1U; }},
      {"QE ISVPRODID",
       [](attest::SgxReport& r, QeIdentity&) { r.isv_prod_id = 1; }},
      {"QE MISCSELECT",
       [](attest::SgxReport& r, QeIdentity&) { r.misc_select[3] = 1; }},
      {"QE ATTRIBUTES",
       [](attest::SgxReport& r, QeIdentity&) { r.attributes[0] |= 2U; }},
      {"QE ATTRIBUTES",
       [](attest::SgxReport& r, QeIdentity&) { r.attributes[7] = 1; }},
      {"QE ATTRIBUTES",
       [](attest::SgxReport& r, QeIdentity&) { r.attributes[0] = 1; }},
      // The value is not masked: a document that asks for the impossible
      // accepts no enclave.
      {"QE ATTRIBUTES",
       [](attest::SgxReport&, QeIdentity& i) { i.attributes[15] = 1; }},
      {"QE MRSIGNER, QE ISVPRODID",
       [](attest::SgxReport& r, QeIdentity&) {
         r.mr_signer.fill(0);
         r.isv_prod_id = 0;
       }},
  };
  for (const QeCase& row : cases) {
    attest::SgxReport report = GoodReport();
    QeIdentity identity = GoodIdentity();
    row.change(report, identity);
    EXPECT_EQ(FailedNames(CheckQeIdentity(report, identity)), row.failed);
  }
}

// Bits beyond the mask look like a difference and are none.
TEST(CheckQeIdentity, TellsWhatTheMaskLeavesWhereThatDiffers) {
  attest::SgxReport report = GoodReport();
  const std::string rest = "00000000000000e700000000000000";
  EXPECT_EQ(CheckQeIdentity(report, GoodIdentity()).at(3).actual, "15" + rest);
  report.attributes[0] = 0x05;
  EXPECT_EQ(
      CheckQeIdentity(report, GoodIdentity()).at(3).actual,
      "05" + rest + ", which is 01" + std::string(30, '0') + " under the mask");
}

TEST(CheckQeIdentity, TellsWhatWasExpectedAndFound) {
  attest::SgxReport report = GoodReport();
  report.isv_prod_id = 1;
  const auto checks = CheckQeIdentity(report, GoodIdentity());
  for (const attest::Check& check : checks) {
    EXPECT_FALSE(check.expected.empty()) << check.name;
    EXPECT_FALSE(check.actual.empty()) << check.name;
    EXPECT_FALSE(check.source.empty()) << check.name;
  }
  EXPECT_EQ(checks.at(1).expected, "2");
  EXPECT_EQ(checks.at(1).actual, "1");
}

}  // namespace
}  // namespace tdxvfs::verify

// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/trust_anchor.h"

#include <string>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "simulator/pki.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::verify {
namespace {

using testing::Fails;

TEST(TrustAnchor, TheBuiltInOneIsIntelsRoot) {
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::Intel());
  EXPECT_TRUE(anchor.is_intel());
  EXPECT_EQ(ToHex(anchor.key_digest()),
            "a0af031289f5d5d4132f9186068a7fc1"
            "3628633ba235777472e29b6b6c67a49e");
}

TEST(TrustAnchor, BothOfIntelsRootCertificatesCountAsIntels) {
  TDXVFS_NEEDS_TESTDATA();
  for (const char* name :
       {"intel_sgx_root_ca.pem", "intel_sgx_root_ca_2033_legacy.pem"}) {
    const auto pem =
        testing::ReadBytes(testing::TestDataFolder() / "certs" / name);
    ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor,
                         TrustAnchor::FromPem(AsText(pem)));
    EXPECT_TRUE(anchor.is_intel()) << name;
  }
}

TEST(TrustAnchor, A18_SimulatorsRootIsNotIntels) {
  EXPECT_FALSE(testing::GoodAnchor().is_intel());
}

TEST(TrustAnchor, RefusesWhatIsNoRootCertificate) {
  const auto& pki = testing::GoodPki();
  const std::string root = simulator::ToPem(pki.root()).value();
  for (const std::string& pem :
       {std::string(), std::string("hello"), root.substr(0, 100), root + root,
        root + "x", simulator::ToPem(pki.intermediate()).value(),
        simulator::ToPem(pki.leaf()).value()}) {
    EXPECT_THAT(TrustAnchor::FromPem(pem), Fails(Reason::kConfigInvalid))
        << pem.size();
  }
}

TEST(TrustAnchor, RefusesRootsWithAnotherProfile) {
  const auto refused = [](void (*change)(simulator::CertificateSpec&)) {
    auto spec = simulator::GoodPkiSpec();
    change(spec.root);
    const auto pki = simulator::Pki::Make(spec).value();
    EXPECT_THAT(TrustAnchor::FromPem(pki.RootPem().value()),
                Fails(Reason::kConfigInvalid));
  };
  refused([](auto& root) { root.key = simulator::KeyKind::kP384; });
  refused([](auto& root) { root.key = simulator::KeyKind::kRsa2048; });
  refused([](auto& root) { root.basic_constraints = "critical,CA:FALSE"; });
  refused([](auto& root) { root.key_usage = "critical,digitalSignature"; });
  refused([](auto& root) { root.unknown_critical_extension = true; });
}

}  // namespace
}  // namespace tdxvfs::verify

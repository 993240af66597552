// SPDX-License-Identifier: Apache-2.0
#include "simulator/collateral_spec.h"

#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using testing::GoodPki;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Succeeds;

// The inner object of `{"MEMBER":INNER,"signature":"HEX"}`, and whether the TCB
// signing key signed those very bytes.
struct Opened {
  std::string inner;
  bool is_signed = false;
};

Opened Open(const std::string& document, const std::string& member) {
  const std::string head = "{\"" + member + "\":";
  const std::string middle = R"(,"signature":")";
  const std::size_t end = document.rfind(middle);
  Opened opened;
  EXPECT_EQ(document.substr(0, head.size()), head);
  opened.inner = document.substr(head.size(), end - head.size());
  const auto raw = FromHex(document.substr(end + middle.size(), 128)).value();
  EcdsaSignaturePtr signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), 32, nullptr),
                 BN_bin2bn(&raw[32], 32, nullptr));
  Bytes der(128);
  unsigned char* position = der.data();
  der.resize(
      static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), &position)));
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                       GoodPki().tcb_signing_key());
  const auto message = AsBytes(opened.inner);
  opened.is_signed = EVP_DigestVerify(context.get(), der.data(), der.size(),
                                      message.data(), message.size()) == 1;
  return opened;
}

TEST(CollateralSpec, SignsTcbInfoForTheTee) {
  const auto tdx = Open(
      testing::MakeDocuments(testing::GoodCollateral()).tcb_info, "tcbInfo");
  EXPECT_TRUE(tdx.is_signed);
  EXPECT_THAT(tdx.inner, HasSubstr(R"("id":"TDX","version":3,)"));
  EXPECT_THAT(tdx.inner, HasSubstr(R"("fmspc":"00806F050000","pceId":"0000")"));
  EXPECT_THAT(tdx.inner, HasSubstr(R"("tdxModule":{"mrsigner":"000)"));
  EXPECT_THAT(tdx.inner, HasSubstr(R"("tdxtcbcomponents":[{"svn":5,)"));
  EXPECT_THAT(tdx.inner, HasSubstr(R"("issueDate":"2026-11-20T00:00:00Z")"));

  const auto sgx =
      Open(testing::MakeDocuments(testing::GoodCollateral(attest::Tee::kSgx))
               .tcb_info,
           "tcbInfo");
  EXPECT_TRUE(sgx.is_signed);
  EXPECT_THAT(sgx.inner, HasSubstr(R"("id":"SGX","version":3,)"));
  EXPECT_THAT(sgx.inner, Not(HasSubstr("tdx")));
}

TEST(CollateralSpec, WritesTheOlderFormOfTcbInfo) {
  CollateralSpec spec = testing::GoodCollateral(attest::Tee::kSgx);
  spec.tcb_info.version = 2;
  const auto opened = Open(testing::MakeDocuments(spec).tcb_info, "tcbInfo");
  EXPECT_TRUE(opened.is_signed);
  EXPECT_THAT(opened.inner, Not(HasSubstr(R"("id":)")));
  EXPECT_THAT(opened.inner, HasSubstr(R"("tcb":{"sgxtcbcomp01svn":7,)"));
  EXPECT_THAT(opened.inner, HasSubstr(R"("sgxtcbcomp16svn":0,"pcesvn":11})"));
}

TEST(CollateralSpec, SignsTheIdentityOfEachQuotingEnclave) {
  const auto tdx =
      Open(testing::MakeDocuments(testing::GoodCollateral()).qe_identity,
           "enclaveIdentity");
  EXPECT_TRUE(tdx.is_signed);
  EXPECT_THAT(tdx.inner, HasSubstr(R"("id":"TD_QE","version":2)"));
  EXPECT_THAT(tdx.inner, HasSubstr(R"("mrsigner":"DC9E2A7C)"));
  const auto sgx =
      Open(testing::MakeDocuments(testing::GoodCollateral(attest::Tee::kSgx))
               .qe_identity,
           "enclaveIdentity");
  EXPECT_TRUE(sgx.is_signed);
  EXPECT_THAT(sgx.inner, HasSubstr(R"("id":"QE","version":2)"));
  EXPECT_THAT(sgx.inner, HasSubstr(R"("mrsigner":"8C4F5775)"));
}

TEST(CollateralSpec, EditsBeforeSigningAreSignedAndThoseAfterAreNot) {
  CollateralSpec spec = testing::GoodCollateral();
  spec.tcb_info.signing.before_signing = {{"\"tcbType\":0", "\"tcbType\":1"}};
  spec.qe_identity.signing.after_signing = {
      {"\"isvprodid\":2", "\"isvprodid\":3"}};
  const auto documents = testing::MakeDocuments(spec);
  const auto info = Open(documents.tcb_info, "tcbInfo");
  EXPECT_TRUE(info.is_signed);
  EXPECT_THAT(info.inner, HasSubstr("\"tcbType\":1"));
  const auto identity = Open(documents.qe_identity, "enclaveIdentity");
  EXPECT_FALSE(identity.is_signed);
  EXPECT_THAT(identity.inner, HasSubstr("\"isvprodid\":3"));
}

TEST(CollateralSpec, EditsThatChangeNothingAreRefused) {
  CollateralSpec spec = testing::GoodCollateral();
  spec.tcb_info.signing.before_signing = {{"not there", ""}};
  EXPECT_THAT(MakeCollateral(GoodPki(), spec), Fails(Reason::kUsage));
}

TEST(CollateralSpec, ChainsLeadFromTheSignerToTheRoot) {
  const auto documents = testing::MakeDocuments(testing::GoodCollateral());
  const std::string root = GoodPki().RootPem().value();
  EXPECT_EQ(documents.tcb_signing_chain,
            ToPem(GoodPki().tcb_signing()).value() + root);
  EXPECT_EQ(documents.pck_crl_issuer_chain,
            ToPem(GoodPki().intermediate()).value() + root);
}

TEST(CollateralSpec, SavesTheSixFilesThatAVerifierReads) {
  const testing::TemporaryFolder temporary;
  const auto folder = temporary.path() / "set";
  ASSERT_OK_AND_ASSIGN(const Collateral made,
                       MakeCollateral(GoodPki(), testing::GoodCollateral()));
  ASSERT_THAT(SaveCollateral(made, folder), Succeeds());
  ASSERT_THAT(SaveCollateral(made, folder), Succeeds());
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"pck_crl.der", "pck_crl_issuer_chain.pem",
                                   "qe_identity.json", "root_ca_crl.der",
                                   "tcb_info.json", "tcb_signing_chain.pem"}));
  EXPECT_EQ(ReadFile(folder / "tcb_info.json", 1 << 20U).value(),
            made.tcb_info);
}

}  // namespace
}  // namespace tdxvfs::simulator

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "attest/verify/certificate.h"
#include "attest/verify/pem_chain.h"
#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using simulator::Bytes;
using simulator::DerBoolean;
using simulator::DerNumber;
using simulator::DerOctets;
using simulator::DerSequence;
using simulator::DerValue;
using simulator::ExtensionEntries;
using simulator::ExtensionEntry;
using simulator::KeyKind;
using simulator::PkiSpec;
using simulator::Platform;
using simulator::QuoteParts;
using simulator::TcbEntries;
using testing::Fails;
using testing::GoodParts;
using testing::GoodPki;
using testing::kVectorTime;
using testing::MakeChainCase;
using testing::Succeeds;
using testing::Verdict;
using testing::VerdictOn;

constexpr auto kOneDay = std::chrono::hours(24);

struct ChainCaseRow {
  std::string name;
  std::string failure_class;
  std::function<void(PkiSpec&)> change;
};

std::vector<ChainCaseRow> NameAndKeyCases() {
  return {
      {"LeafName", "pck-chain",
       [](PkiSpec& s) { s.leaf.common_name = "Intel SGX PCK Certificates"; }},
      {"LeafIsTcbSigner", "pck-chain",
       [](PkiSpec& s) { s.leaf.common_name = "Intel SGX TCB Signing"; }},
      {"LeafWithTwoNames", "pck-chain",
       [](PkiSpec& s) {
         s.leaf.second_common_name = "Intel SGX PCK Certificate";
       }},
      {"IntermediateNameContainsTheRightOne", "pck-chain",
       [](PkiSpec& s) {
         s.intermediate.common_name = "My Intel SGX PCK Platform CA";
       }},
      {"IntermediateNameInOtherCase", "pck-chain",
       [](PkiSpec& s) {
         s.intermediate.common_name = "intel sgx pck platform ca";
       }},
      {"IntermediateKeyP384", "pck-chain",
       [](PkiSpec& s) { s.intermediate.key = KeyKind::kP384; }},
      {"IntermediateKeyRsa", "pck-chain",
       [](PkiSpec& s) { s.intermediate.key = KeyKind::kRsa2048; }},
      {"LeafSignedWithSha384", "pck-chain",
       [](PkiSpec& s) { s.leaf.sha384 = true; }},
      {"IntermediateSignedWithSha384", "pck-chain",
       [](PkiSpec& s) { s.intermediate.sha384 = true; }},
      {"LeafOfX509Version2", "pck-chain",
       [](PkiSpec& s) { s.leaf.version = 1; }}};
}

std::vector<ChainCaseRow> MissingExtensionCases() {
  std::vector<ChainCaseRow> cases;
  using Certificate = simulator::CertificateSpec PkiSpec::*;
  for (const auto& [name, certificate] :
       {std::pair<std::string, Certificate>{"Leaf", &PkiSpec::leaf},
        {"Intermediate", &PkiSpec::intermediate}}) {
    const auto add =
        [&cases, name = name, certificate = certificate](
            const std::string& what,
            std::function<void(simulator::CertificateSpec&)> change) {
          cases.push_back({name + what, "pck-chain",
                           [certificate, change = std::move(change)](
                               PkiSpec& s) { change(s.*certificate); }});
        };
    add("WithoutConstraints", [](auto& c) { c.basic_constraints = ""; });
    add("WithoutKeyUsage", [](auto& c) { c.key_usage = ""; });
    add("WithoutSubjectKeyId", [](auto& c) { c.subject_key_id = false; });
    add("WithoutAuthorityKeyId", [](auto& c) { c.authority_key_id = false; });
    add("WithoutCrlUrl", [](auto& c) { c.crl_url = ""; });
    add("WithUnknownCriticalExtension",
        [](auto& c) { c.unknown_critical_extension = true; });
  }
  return cases;
}

std::vector<ChainCaseRow> ExtensionCases() {
  std::vector<ChainCaseRow> cases = MissingExtensionCases();
  cases.push_back({"IntermediateNoCa", "pck-chain", [](PkiSpec& s) {
                     s.intermediate.basic_constraints = "critical,CA:FALSE";
                   }});
  cases.push_back(
      {"IntermediateWithoutPathLength", "pck-chain", [](PkiSpec& s) {
         s.intermediate.basic_constraints = "critical,CA:TRUE";
       }});
  cases.push_back({"IntermediateWithPathLength1", "pck-chain", [](PkiSpec& s) {
                     s.intermediate.basic_constraints =
                         "critical,CA:TRUE,pathlen:1";
                   }});
  cases.push_back({"IntermediateThatMayNotSign", "pck-chain", [](PkiSpec& s) {
                     s.intermediate.key_usage = "critical,digitalSignature";
                   }});
  cases.push_back(
      {"IntermediateThatMayNotSignCrls", "pck-chain",
       [](PkiSpec& s) { s.intermediate.key_usage = "critical,keyCertSign"; }});
  cases.push_back({"LeafIsCa", "pck-chain", [](PkiSpec& s) {
                     s.leaf.basic_constraints = "critical,CA:TRUE,pathlen:0";
                   }});
  cases.push_back({"LeafWithPathLength", "pck-chain", [](PkiSpec& s) {
                     s.leaf.basic_constraints = "critical,CA:FALSE,pathlen:0";
                   }});
  cases.push_back({"LeafThatMayNotSign", "pck-chain", [](PkiSpec& s) {
                     s.leaf.key_usage = "critical,keyAgreement";
                   }});
  cases.push_back({"LeafThatMaySignCertificates", "pck-chain", [](PkiSpec& s) {
                     s.leaf.key_usage = "critical,digitalSignature,keyCertSign";
                   }});
  return cases;
}

std::vector<ChainCaseRow> DateCases() {
  std::vector<ChainCaseRow> cases;
  using Certificate = simulator::CertificateSpec PkiSpec::*;
  for (const auto& [name, certificate] :
       {std::pair<std::string, Certificate>{"Leaf", &PkiSpec::leaf},
        {"Intermediate", &PkiSpec::intermediate},
        {"Root", &PkiSpec::root}}) {
    cases.push_back(
        {name + "Expired", "expired", [certificate = certificate](PkiSpec& s) {
           (s.*certificate).not_after = kVectorTime - kOneDay;
         }});
    cases.push_back({name + "NotYetValid", "not-yet-valid",
                     [certificate = certificate](PkiSpec& s) {
                       (s.*certificate).not_before = kVectorTime + kOneDay;
                     }});
  }
  return cases;
}

ChainCaseRow ExtensionCase(const std::string& name,
                           const std::vector<Bytes>& extensions) {
  return {name, "pck-chain",
          [extensions](PkiSpec& s) { s.leaf.sgx_extensions = extensions; }};
}

// A row whose TCB list was changed.
ChainCaseRow TcbCase(const std::string& name,
                     const std::function<void(std::vector<Bytes>&)>& change) {
  std::vector<Bytes> tcb = TcbEntries({});
  change(tcb);
  return ExtensionCase(name, {DerSequence(ExtensionEntries({}, tcb))});
}

// A row in which one top-level entry was replaced, or removed when empty.
ChainCaseRow EntryCase(const std::string& name, std::size_t index,
                       const Bytes& replacement) {
  std::vector<Bytes> entries = ExtensionEntries({}, TcbEntries({}));
  if (replacement.empty()) {
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index));
  } else {
    entries[index] = replacement;
  }
  return ExtensionCase(name, {DerSequence(entries)});
}

std::vector<ChainCaseRow> TcbCases() {
  return {
      TcbCase("SeventeenTcbEntries", [](auto& tcb) { tcb.pop_back(); }),
      TcbCase("NoFirstComponent", [](auto& tcb) { tcb.erase(tcb.begin()); }),
      TcbCase("NineteenTcbEntries",
              [](auto& tcb) {
                tcb.push_back(ExtensionEntry({2, 19}, DerNumber(1)));
              }),
      TcbCase("ComponentTwice", [](auto& tcb) { tcb.push_back(tcb.front()); }),
      TcbCase("ComponentZero",
              [](auto& tcb) {
                tcb[0] = ExtensionEntry({2, 0}, DerNumber(1));
              }),
      TcbCase("Component256",
              [](auto& tcb) {
                tcb[0] = ExtensionEntry({2, 1}, DerNumber(256));
              }),
      TcbCase("ComponentNegative",
              [](auto& tcb) {
                tcb[0] = ExtensionEntry({2, 1}, DerValue(2, Bytes{0xff}));
              }),
      TcbCase("ComponentEmpty",
              [](auto& tcb) {
                tcb[0] = ExtensionEntry({2, 1}, DerValue(2, Bytes{}));
              }),
      TcbCase("ComponentNotShortest",
              [](auto& tcb) {
                tcb[0] = ExtensionEntry({2, 1}, DerValue(2, Bytes{0, 7}));
              }),
      TcbCase("PceSvn65536",
              [](auto& tcb) {
                tcb[16] = ExtensionEntry({2, 17}, DerNumber(65536));
              }),
      TcbCase("CpuSvnShort",
              [](auto& tcb) {
                tcb[17] = ExtensionEntry({2, 18}, DerOctets(Bytes(15)));
              }),
      TcbCase("ForeignIdentifier", [](auto& tcb) {
        tcb[0] = ExtensionEntry({3, 1}, DerNumber(1));
      })};
}

std::vector<ChainCaseRow> SgxExtensionCases() {
  const Bytes good = simulator::SgxExtension({});
  Bytes cut = good;
  cut.pop_back();
  Bytes longer = good;
  longer.push_back(0);
  std::vector<ChainCaseRow> cases = TcbCases();
  const std::vector<ChainCaseRow> more = {
      ExtensionCase("NoSgxExtension", {}),
      ExtensionCase("SgxExtensionTwice", {good, good}),
      ExtensionCase("SgxExtensionCut", {cut}),
      ExtensionCase("SgxExtensionWithTail", {longer}),
      ExtensionCase("SgxExtensionEmpty", {DerSequence({})}),
      ExtensionCase("SgxExtensionIndefiniteLength",
                    {Bytes{0x30, 0x80, 0x00, 0x00}}),
      EntryCase("NoPpid", 0, {}),
      EntryCase("NoTcb", 1, {}),
      EntryCase("NoPceId", 2, {}),
      EntryCase("NoFmspc", 3, {}),
      EntryCase("NoSgxType", 4, {}),
      EntryCase("ConfigurationWithoutInstance", 5, {}),
      EntryCase("PpidTwice", 2, ExtensionEntry({1}, DerOctets(Bytes(16)))),
      EntryCase("FmspcShort", 3, ExtensionEntry({4}, DerOctets(Bytes(5)))),
      EntryCase("FmspcLong", 3, ExtensionEntry({4}, DerOctets(Bytes(7)))),
      EntryCase("SgxType3", 4, ExtensionEntry({5}, DerNumber(3, 0x0a))),
      EntryCase("SgxTypeIsInteger", 4, ExtensionEntry({5}, DerNumber(1))),
      EntryCase("UnknownEntry", 5, ExtensionEntry({8}, DerOctets(Bytes(16)))),
      EntryCase("ConfigurationNotBoolean", 6,
                ExtensionEntry(
                    {7}, DerSequence({ExtensionEntry({7, 1}, DerNumber(1))}))),
      EntryCase(
          "ConfigurationTwice", 6,
          ExtensionEntry(
              {7}, DerSequence({ExtensionEntry({7, 1}, DerBoolean(true)),
                                ExtensionEntry({7, 1}, DerBoolean(true))})))};
  cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

// Judges the chain under its own root, so that only the change can matter.
void ExpectChainRefused(const ChainCaseRow& row) {
  const auto made = MakeChainCase(row.change);
  ASSERT_OK_AND_ASSIGN(const std::string pem, made.pki.RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  const Verdict verdict = VerdictOn(made.quote, anchor);
  EXPECT_FALSE(verdict.genuine) << row.name;
  EXPECT_EQ(verdict.failure_class, row.failure_class)
      << row.name << ": " << verdict.failure;
}

TEST(PckChain, A9_EveryWrongNameOrKeyIsRefused) {
  for (const ChainCaseRow& row : NameAndKeyCases()) {
    ExpectChainRefused(row);
  }
}

TEST(PckChain, A9_EveryWrongExtensionIsRefused) {
  for (const ChainCaseRow& row : ExtensionCases()) {
    ExpectChainRefused(row);
  }
}

TEST(PckChain, A9_EveryDateOutsideIsRefusedByItsClass) {
  for (const ChainCaseRow& row : DateCases()) {
    ExpectChainRefused(row);
  }
}

TEST(PckChain, A9_EveryMalformedSgxExtensionIsRefused) {
  for (const ChainCaseRow& row : SgxExtensionCases()) {
    ExpectChainRefused(row);
  }
}

TEST(PckChain, DatesAreInclusiveAtBothEnds) {
  const auto made = MakeChainCase([](PkiSpec& s) {
    s.leaf.not_before = kVectorTime;
    s.leaf.not_after = kVectorTime + kOneDay;
  });
  ASSERT_OK_AND_ASSIGN(const std::string pem, made.pki.RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  const auto second = std::chrono::seconds(1);
  EXPECT_FALSE(VerdictOn(made.quote, anchor, kVectorTime - second).genuine);
  EXPECT_TRUE(VerdictOn(made.quote, anchor, kVectorTime).genuine);
  EXPECT_TRUE(VerdictOn(made.quote, anchor, kVectorTime + kOneDay).genuine);
  EXPECT_FALSE(
      VerdictOn(made.quote, anchor, kVectorTime + kOneDay + second).genuine);
}

TEST(PckChain, ProcessorCaIsToldApart) {
  const auto made = MakeChainCase([](PkiSpec& s) {
    s.intermediate.common_name = "Intel SGX PCK Processor CA";
    auto entries = ExtensionEntries({}, TcbEntries({}));
    entries.resize(5);
    s.leaf.sgx_extensions = {DerSequence(entries)};
  });
  ASSERT_OK_AND_ASSIGN(const std::string pem, made.pki.RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  ASSERT_OK_AND_ASSIGN(auto quote, attest::ParseQuote(made.quote));
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyQuote(std::move(quote), {anchor, kVectorTime}));
  EXPECT_TRUE(evaluation.genuine) << evaluation.failure;
  EXPECT_FALSE(evaluation.platform.platform_ca);
}

TEST(PckChain, SvnsOf128AndMoreAreRead) {
  Platform platform;
  platform.tcb_components.fill(0xff);
  platform.pce_svn = 0xffff;
  const auto made = MakeChainCase([&platform](PkiSpec& s) {
    s.leaf.sgx_extensions = {simulator::SgxExtension(platform)};
  });
  ASSERT_OK_AND_ASSIGN(const std::string pem, made.pki.RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  ASSERT_OK_AND_ASSIGN(auto quote, attest::ParseQuote(made.quote));
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyQuote(std::move(quote), {anchor, kVectorTime}));
  EXPECT_TRUE(evaluation.genuine) << evaluation.failure;
  EXPECT_EQ(evaluation.platform.tcb_components, platform.tcb_components);
  EXPECT_EQ(evaluation.platform.pce_svn, 0xffff);
}

// A self-made Intel with Intel's names is nobody's.
TEST(PckChain, A18_RootWithTheRightNamesAndAnotherKeyIsUntrusted) {
  const auto made = MakeChainCase([](PkiSpec&) {});
  EXPECT_EQ(VerdictOn(made.quote).failure_class, "untrusted-root");
}

// Chains put together from good certificates.
struct Pieces {
  std::string leaf = simulator::ToPem(GoodPki().leaf()).value();
  std::string intermediate = simulator::ToPem(GoodPki().intermediate()).value();
  std::string root = simulator::ToPem(GoodPki().root()).value();
};

Verdict VerdictOnChain(std::string_view pem) {
  QuoteParts parts = GoodParts();
  const auto bytes = AsBytes(pem);
  parts.certification_data.assign(bytes.begin(), bytes.end());
  return VerdictOn(parts.Assemble());
}

TEST(PckChain, A9_OnlyLeafIntermediateRootInThisOrderIsAccepted) {
  const Pieces p;
  EXPECT_TRUE(VerdictOnChain(p.leaf + p.intermediate + p.root).genuine);
  const std::vector<std::string> refused = {
      "",
      p.leaf,
      p.leaf + p.intermediate,
      p.leaf + p.root,
      p.intermediate + p.root,
      p.leaf + p.leaf + p.intermediate + p.root,
      p.leaf + p.intermediate + p.root + p.root,
      p.root + p.intermediate + p.leaf,
      p.intermediate + p.leaf + p.root,
      p.root + p.intermediate + p.root,
      p.intermediate + p.intermediate + p.root,
      p.leaf + p.root + p.root,
      p.leaf + p.intermediate + p.intermediate};
  for (const std::string& chain : refused) {
    EXPECT_FALSE(VerdictOnChain(chain).genuine) << chain.size();
  }
}

TEST(PckChain, OnlyWhiteSpaceMayStandBetweenBlocks) {
  const Pieces p;
  std::string crlf;
  for (const char letter : p.leaf + p.intermediate + p.root) {
    crlf += letter == '\n' ? std::string("\r\n") : std::string(1, letter);
  }
  EXPECT_TRUE(VerdictOnChain(crlf).genuine);
  EXPECT_TRUE(
      VerdictOnChain("\n" + p.leaf + "\n \t\n" + p.intermediate + p.root + "\n")
          .genuine);
  const std::string nuls(3, '\0');
  EXPECT_TRUE(VerdictOnChain(p.leaf + p.intermediate + p.root + nuls).genuine);
  EXPECT_FALSE(VerdictOnChain(p.leaf + nuls + p.intermediate + p.root).genuine);
  EXPECT_FALSE(
      VerdictOnChain(p.leaf + "# note\n" + p.intermediate + p.root).genuine);
  EXPECT_FALSE(VerdictOnChain(p.leaf + p.intermediate + p.root + "x").genuine);
  EXPECT_FALSE(
      VerdictOnChain(p.leaf + p.intermediate + p.root.substr(0, 200)).genuine);
}

// The last letters of base64 before the end line hold the signature's end.
TEST(PckChain, A9_DamagedSignatureOfAnyCertificateIsRefused) {
  const Pieces p;
  const auto damaged = [](std::string pem) {
    const std::size_t end = pem.find("\n-----END");
    char& letter = pem[end - 8];
    letter = letter == 'A' ? 'B' : 'A';
    return pem;
  };
  EXPECT_FALSE(
      VerdictOnChain(damaged(p.leaf) + p.intermediate + p.root).genuine);
  EXPECT_FALSE(
      VerdictOnChain(p.leaf + damaged(p.intermediate) + p.root).genuine);
  EXPECT_FALSE(
      VerdictOnChain(p.leaf + p.intermediate + damaged(p.root)).genuine);
}

// Intel re-issued its root with the same key: the copy inside a quote may be
// the older one.
TEST(PckChain, AnotherCertificateOfTheAnchorsKeyIsTheAnchor) {
  const Pieces p;
  simulator::CertificateSpec spec = simulator::GoodPkiSpec().root;
  spec.not_after = kVectorTime - kOneDay;
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr older,
      simulator::MakeCertificate(spec, GoodPki().root_key(),
                                 {nullptr, GoodPki().root_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(older.get()));
  const Verdict verdict = VerdictOnChain(p.leaf + p.intermediate + pem);
  EXPECT_TRUE(verdict.genuine) << verdict.failure;
}

// What has the anchor's key and name must be a root like it, too.
TEST(PckChain, A9_TheAnchorsKeyInAnotherProfileIsRefused) {
  const Pieces p;
  simulator::CertificateSpec spec = simulator::GoodPkiSpec().root;
  spec.basic_constraints = "critical,CA:TRUE,pathlen:2";
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr other,
      simulator::MakeCertificate(spec, GoodPki().root_key(),
                                 {nullptr, GoodPki().root_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(other.get()));
  EXPECT_EQ(VerdictOnChain(p.leaf + p.intermediate + pem).failure_class,
            "pck-chain");
}

// Bytes that only a CA could have written so, hence looked at by themselves.
TEST(PckChain, A9_MalformedCertificatesDoNotParse) {
  const std::string pem = simulator::ToPem(GoodPki().leaf()).value();
  const Der good = SplitWholeChain(pem, 1).value().front();
  ASSERT_THAT(ParseCertificate(good), Succeeds());
  const auto place = [&good](std::initializer_list<std::uint8_t> bytes) {
    return static_cast<std::size_t>(
        std::search(good.begin(), good.end(), bytes.begin(), bytes.end()) -
        good.begin());
  };
  // Of the serial number, 20 bytes; of the algorithm in the signed part; of
  // the unused bits of the key usage.
  const std::size_t serial = place({0x02, 0x14}) + 2;
  const std::size_t algorithm = place({0x04, 0x03, 0x02}) + 2;
  const std::size_t unused = place({0x55, 0x1d, 0x0f}) + 10;
  const std::vector<std::pair<std::size_t, std::uint8_t>> changes = {
      {serial, 0xc0}, {algorithm, 3}, {unused, 8}, {unused, 0xff}};
  for (const auto& [at, byte] : changes) {
    Der changed = good;
    changed.at(at) = byte;
    EXPECT_THAT(ParseCertificate(changed), Fails(Reason::kQuoteInvalid)) << at;
  }
  Der longer = good;
  longer.push_back(0);
  EXPECT_THAT(ParseCertificate(longer), Fails(Reason::kQuoteInvalid));
}

// Told before the signature is looked at.
TEST(PckChain, TheIssuersKeyIdentifierIsCompared) {
  const auto parsed = [](X509* certificate) {
    const std::string pem = simulator::ToPem(certificate).value();
    return ParseCertificate(SplitWholeChain(pem, 1).value().front()).value();
  };
  const Certificate leaf = parsed(GoodPki().leaf());
  Certificate issuer = parsed(GoodPki().intermediate());
  EXPECT_THAT(CheckIssuedBy(leaf, issuer), Succeeds());
  issuer.extensions.subject_key_id = leaf.extensions.subject_key_id;
  const auto checked = CheckIssuedBy(leaf, issuer);
  ASSERT_THAT(checked, Fails(Reason::kQuoteInvalid));
  EXPECT_NE(checked.error().message().find("authority key identifier"),
            std::string::npos);
}

TEST(PckChain, A9_Base64HasTwoSignsOfPaddingAtMost) {
  for (const std::string base64 : {"QUJD", "QUI=", "QQ=="}) {
    EXPECT_THAT(SplitPemChain("-----BEGIN CERTIFICATE-----" + base64 +
                                  "-----END CERTIFICATE-----",
                              1),
                Succeeds())
        << base64;
  }
  for (const std::string base64 :
       {"Q===", "====", "QUJD====", "QQ==QUJD", "QQ=", "QQ", "QUJDR", "="}) {
    EXPECT_THAT(SplitPemChain("-----BEGIN CERTIFICATE-----" + base64 +
                                  "-----END CERTIFICATE-----",
                              1),
                Fails(Reason::kQuoteInvalid))
        << base64;
  }
}

// A leaf that the root signed itself has skipped the CA that can revoke it.
TEST(PckChain, A9_LeafIssuedByTheRootIsRefused) {
  const Pieces p;
  ASSERT_OK_AND_ASSIGN(const X509Ptr leaf,
                       simulator::MakeCertificate(
                           simulator::GoodPkiSpec().leaf, GoodPki().leaf_key(),
                           {GoodPki().root(), GoodPki().root_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(leaf.get()));
  EXPECT_EQ(VerdictOnChain(pem + p.intermediate + p.root).failure_class,
            "pck-chain");
}

TEST(PckChain, A9_LeafWithP384KeyIsRefused) {
  const Pieces p;
  ASSERT_OK_AND_ASSIGN(const EvpPkeyPtr key,
                       simulator::MakeKey(KeyKind::kP384));
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr leaf,
      simulator::MakeCertificate(
          simulator::GoodPkiSpec().leaf, key.get(),
          {GoodPki().intermediate(), GoodPki().intermediate_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(leaf.get()));
  EXPECT_EQ(VerdictOnChain(pem + p.intermediate + p.root).failure_class,
            "pck-chain");
}

}  // namespace
}  // namespace tdxvfs::verify

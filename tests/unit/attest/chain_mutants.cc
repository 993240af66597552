// SPDX-License-Identifier: Apache-2.0
// A chain of certificates wrong: that of a quote, and that of the documents.
#include <utility>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::CertificateSpec;
using simulator::KeyKind;
using simulator::Pki;
using simulator::PkiSpec;
using simulator::QuoteParts;
using verify::CollateralDocuments;

const Pki& Foreign() {
  static const Pki foreign = Pki::Make(simulator::GoodPkiSpec()).value();
  return foreign;
}

std::string Pem(X509* certificate) {
  return simulator::ToPem(certificate).value();
}

// A certificate for a key of ours, by whoever signs it.
std::string Issued(const CertificateSpec& spec, EVP_PKEY* key,
                   const simulator::Signer& signer) {
  return Pem(simulator::MakeCertificate(spec, key, signer).value().get());
}

// The certificates that chains are put together from.
struct Blocks {
  std::string leaf = Pem(GoodPki().leaf());
  std::string intermediate = Pem(GoodPki().intermediate());
  std::string root = Pem(GoodPki().root());
  std::string signer = Pem(GoodPki().tcb_signing());
  std::string foreign_leaf = Pem(Foreign().leaf());
  std::string foreign_intermediate = Pem(Foreign().intermediate());
  std::string foreign_root = Pem(Foreign().root());
  std::string foreign_signer = Pem(Foreign().tcb_signing());
};

Mutant QuoteChain(const std::string& name, const std::string& failure,
                  const std::string& chain) {
  return MutantOf(QuoteKinds()[3], name, failure, [&](QuoteParts& p) {
    const auto bytes = AsBytes(chain);
    p.certification_data.assign(bytes.begin(), bytes.end());
  });
}

Mutant SignerChain(const std::string& name, const std::string& chain) {
  return DocumentsMutant(
      name, "tcb-signing-chain",
      [&](CollateralDocuments& d) { d.tcb_signing_chain = chain; });
}

// The base64 of one block with a letter changed, counted from its start.
std::string Damaged(std::string pem, std::size_t line) {
  std::size_t position = 0;
  for (std::size_t i = 0; i < line; ++i) {
    position = pem.find('\n', position) + 1;
  }
  char& letter = pem[position + 20];
  letter = letter == 'A' ? 'B' : 'A';
  return pem;
}

std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

void AddOrders(Mutants& rows, const Blocks& b) {
  const auto add = [&](const std::string& name, const std::string& chain,
                       const std::string& failure = "pck-chain") {
    rows.push_back(QuoteChain("Chain" + name, failure, chain));
  };
  add("Empty", "");
  add("NulAlone", std::string(1, '\0'));
  add("LeafAlone", b.leaf);
  add("RootAlone", b.root);
  add("WithoutRoot", b.leaf + b.intermediate);
  add("WithoutIntermediate", b.leaf + b.root);
  add("WithoutLeaf", b.intermediate + b.root);
  add("LeafTwice", b.leaf + b.leaf + b.intermediate + b.root);
  add("IntermediateTwice", b.leaf + b.intermediate + b.intermediate + b.root);
  add("RootTwice", b.leaf + b.intermediate + b.root + b.root);
  add("WithTcbSigner", b.leaf + b.intermediate + b.root + b.signer);
  add("IntermediateFirst", b.intermediate + b.leaf + b.root);
  add("LeafInEveryPlace", b.leaf + b.leaf + b.leaf, "untrusted-root");
  add("RootInEveryPlace", b.root + b.root + b.root);
  add("Reversed", b.root + b.intermediate + b.leaf, "untrusted-root");
  add("RootInTheMiddle", b.leaf + b.root + b.intermediate, "untrusted-root");
  add("IntermediateAsLeaf", b.intermediate + b.intermediate + b.root);
  add("RootAsLeaf", b.root + b.intermediate + b.root);
  add("RootAsIntermediate", b.leaf + b.root + b.root);
  add("TcbSignerAsLeaf", b.signer + b.intermediate + b.root);
  add("TcbSignerAsLeafBelowRoot", b.signer + b.root + b.root);
  add("TcbSignerAsIntermediate", b.leaf + b.signer + b.root);
  add("ForeignLeaf", b.foreign_leaf + b.intermediate + b.root);
  add("ForeignIntermediate", b.leaf + b.foreign_intermediate + b.root);
  add("ForeignLeafAndIntermediate",
      b.foreign_leaf + b.foreign_intermediate + b.root);
  add("ForeignRoot", b.leaf + b.intermediate + b.foreign_root,
      "untrusted-root");
  add("WhollyForeign", b.foreign_leaf + b.foreign_intermediate + b.foreign_root,
      "untrusted-root");
}

// Self-made with the right names.
void AddForgedLeaves(Mutants& rows, const Blocks& b) {
  const PkiSpec good = simulator::GoodPkiSpec();
  const Pki& own = GoodPki();
  const Pki& other = Foreign();
  const auto add = [&](const std::string& name, const std::string& chain) {
    rows.push_back(QuoteChain("Forged" + name, "pck-chain", chain));
  };
  add("LeafByTheRoot",
      Issued(good.leaf, own.leaf_key(), {own.root(), own.root_key()}) +
          b.intermediate + b.root);
  add("LeafByTheLeaf",
      Issued(good.leaf, own.leaf_key(), {own.leaf(), own.leaf_key()}) +
          b.intermediate + b.root);
  add("LeafByItself",
      Issued(good.leaf, own.leaf_key(), {nullptr, own.leaf_key()}) +
          b.intermediate + b.root);
  add("LeafByTheTcbSigner", Issued(good.leaf, own.leaf_key(),
                                   {own.tcb_signing(), own.tcb_signing_key()}) +
                                b.intermediate + b.root);
  add("LeafByAStrangersKey",
      Issued(good.leaf, own.leaf_key(),
             {own.intermediate(), other.intermediate_key()}) +
          b.intermediate + b.root);
}

void AddForgedCas(Mutants& rows, const Blocks& b) {
  const PkiSpec good = simulator::GoodPkiSpec();
  const Pki& own = GoodPki();
  const Pki& other = Foreign();
  const auto add = [&](const std::string& name, const std::string& chain,
                       const std::string& failure = "pck-chain") {
    rows.push_back(QuoteChain("Forged" + name, failure, chain));
  };
  add("IntermediateByItself",
      b.leaf +
          Issued(good.intermediate, own.intermediate_key(),
                 {nullptr, own.intermediate_key()}) +
          b.root);
  add("IntermediateByAStrangersRoot",
      b.leaf +
          Issued(good.intermediate, own.intermediate_key(),
                 {other.root(), other.root_key()}) +
          b.root);
  add("IntermediateByAStrangersKey",
      b.leaf +
          Issued(good.intermediate, own.intermediate_key(),
                 {own.root(), other.root_key()}) +
          b.root);
  add("RootWithAnotherKey",
      b.leaf + b.intermediate +
          Issued(good.root, other.root_key(), {nullptr, other.root_key()}),
      "untrusted-root");
  CertificateSpec renamed = good.root;
  renamed.common_name = "Intel SGX Root CA 2";
  add("RootWithAnotherName",
      b.leaf + b.intermediate +
          Issued(renamed, own.root_key(), {nullptr, own.root_key()}),
      "untrusted-root");
  CertificateSpec intermediate = good.intermediate;
  intermediate.common_name = "Intel SGX PCK Processor CA";
  add("IntermediateOfTheOtherCa",
      b.leaf +
          Issued(intermediate, own.intermediate_key(),
                 {own.root(), own.root_key()}) +
          b.root);
}

void AddText(Mutants& rows, const Blocks& b) {
  const std::string rest = b.intermediate + b.root;
  const auto add = [&](const std::string& name, const std::string& chain) {
    rows.push_back(QuoteChain("Text" + name, "pck-chain", chain));
  };
  for (const std::size_t line : {1U, 3U, 6U, 9U, 12U}) {
    const std::string at = std::to_string(line);
    add("LeafLine" + at, Damaged(b.leaf, line) + rest);
    add("IntermediateLine" + at,
        b.leaf + Damaged(b.intermediate, line) + b.root);
  }
  add("NulBetween", b.leaf + std::string(1, '\0') + rest);
  add("NoteBetween", b.leaf + "# leaf\n" + rest);
  add("HeadersBetween", b.leaf + "subject=CN = x\n" + rest);
  add("NoteBefore", "x\n" + b.leaf + rest);
  add("NoteAfter", b.leaf + rest + "x");
  add("ByteOrderMark", "\xef\xbb\xbf" + b.leaf + rest);
  add("TrustedCertificate",
      Replaced(
          Replaced(b.leaf, "BEGIN CERTIFICATE", "BEGIN TRUSTED CERTIFICATE"),
          "END CERTIFICATE", "END TRUSTED CERTIFICATE") +
          rest);
  add("LowerCase",
      Replaced(b.leaf, "BEGIN CERTIFICATE", "begin certificate") + rest);
  add("FourDashes", Replaced(b.leaf, "-----BEGIN", "----BEGIN") + rest);
  add("NoEndLine", Replaced(b.leaf, "-----END CERTIFICATE-----\n", "") + rest);
  add("EndBeforeBegin", "-----END CERTIFICATE-----\n" + b.leaf + rest);
  add("EmptyBlock",
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + rest);
  add("NoBase64", Replaced(b.leaf, "MII", "M!I") + rest);
  add("NulInside", Replaced(b.leaf, "MII", std::string("M\0I", 3)) + rest);
  add("LastLetterLess", Replaced(b.leaf, "\n-----END", "").substr(0, 400) +
                            "\n-----END CERTIFICATE-----\n" + rest);
}

}  // namespace

Mutants ChainMutants() {
  const Blocks blocks;
  Mutants rows;
  AddOrders(rows, blocks);
  AddForgedLeaves(rows, blocks);
  AddForgedCas(rows, blocks);
  AddText(rows, blocks);
  return rows;
}

namespace {

void AddSignerOrders(Mutants& rows, const Blocks& b) {
  const auto add = [&](const std::string& name, const std::string& chain) {
    rows.push_back(SignerChain("SignerChain" + name, chain));
  };
  add("Empty", "");
  add("WithoutRoot", b.signer);
  add("RootAlone", b.root);
  add("Reversed", b.root + b.signer);
  add("SignerTwice", b.signer + b.signer);
  add("SignerTwiceAndRoot", b.signer + b.signer + b.root);
  add("RootTwice", b.signer + b.root + b.root);
  add("WithIntermediate", b.signer + b.intermediate + b.root);
  add("OfTheIntermediate", b.intermediate + b.root);
  add("OfTheLeaf", b.leaf + b.root);
  add("OfTheRootAlone", b.root + b.root);
  add("ForeignRoot", b.signer + b.foreign_root);
  add("ForeignSigner", b.foreign_signer + b.root);
  add("WhollyForeign", b.foreign_signer + b.foreign_root);
  add("NoteBetween", b.signer + "note\n" + b.root);
  add("NoteAfter", b.signer + b.root + "x");
  add("NulBetween", b.signer + std::string(1, '\0') + b.root);
  add("TooLarge",
      b.signer + b.root + std::string(std::size_t{64} * 1024, '\n'));
  add("SignatureDamaged", Damaged(b.signer, 11) + b.root);
  add("KeyDamaged", Damaged(b.signer, 6) + b.root);
}

// Documents signed by a key that some other certificate of the PKI names.
void AddWrongSigners(Mutants& rows, const Blocks& b) {
  const auto signed_by = [&](const std::string& name, const std::string& chain,
                             EVP_PKEY* key, const std::string& failure) {
    rows.push_back(DocumentsMutant(
        "DocumentsBy" + name, failure, [&](CollateralDocuments& d) {
          const auto spec = GoodCollateral();
          d.tcb_info = simulator::MakeTcbInfo(spec.tcb_info, key).value();
          d.qe_identity =
              simulator::MakeQeIdentity(spec.qe_identity, key).value();
          d.tcb_signing_chain = chain;
        }));
  };
  const Pki& own = GoodPki();
  signed_by("TheIntermediate", b.intermediate + b.root, own.intermediate_key(),
            "tcb-signing-chain");
  signed_by("TheLeaf", b.leaf + b.root, own.leaf_key(), "tcb-signing-chain");
  signed_by("TheRoot", b.root + b.root, own.root_key(), "tcb-signing-chain");
  signed_by("AStranger", b.signer + b.root, Foreign().tcb_signing_key(),
            "tcb-info-signature");
  signed_by("TheAttestationKey", b.signer + b.root,
            GoodSigner().attestation_key(), "tcb-info-signature");
  const CertificateSpec spec = simulator::GoodPkiSpec().tcb_signing;
  signed_by("ASignerOfTheIntermediate",
            Issued(spec, own.tcb_signing_key(),
                   {own.intermediate(), own.intermediate_key()}) +
                b.root,
            own.tcb_signing_key(), "tcb-signing-chain");
  signed_by(
      "ASelfSignedSigner",
      Issued(spec, own.tcb_signing_key(), {nullptr, own.tcb_signing_key()}) +
          b.root,
      own.tcb_signing_key(), "tcb-signing-chain");
}

void AddSignerProfiles(Mutants& rows) {
  const auto add = [&](const std::string& name,
                       const std::function<void(CertificateSpec&)>& change) {
    rows.push_back(PkiMutant("Signer" + name, "tcb-signing-chain",
                             [&](PkiSpec& s) { change(s.tcb_signing); }));
  };
  add("Name", [](auto& c) { c.common_name = "Intel SGX TCB Signing 2"; });
  add("NameOfTheLeaf",
      [](auto& c) { c.common_name = "Intel SGX PCK Certificate"; });
  add("NameInOtherCase",
      [](auto& c) { c.common_name = "intel sgx tcb signing"; });
  add("TwoNames",
      [](auto& c) { c.second_common_name = "Intel SGX TCB Signing"; });
  add("IsCa", [](auto& c) { c.basic_constraints = "critical,CA:TRUE"; });
  add("WithoutConstraints", [](auto& c) { c.basic_constraints = ""; });
  add("WithoutKeyUsage", [](auto& c) { c.key_usage = ""; });
  add("ThatMayNotSign", [](auto& c) { c.key_usage = "critical,keyAgreement"; });
  add("ThatMaySignCertificates",
      [](auto& c) { c.key_usage = "critical,digitalSignature,keyCertSign"; });
  add("WithoutSubjectKeyId", [](auto& c) { c.subject_key_id = false; });
  add("WithoutAuthorityKeyId", [](auto& c) { c.authority_key_id = false; });
  add("WithoutCrlUrl", [](auto& c) { c.crl_url = ""; });
  add("WithUnknownCriticalExtension",
      [](auto& c) { c.unknown_critical_extension = true; });
  add("SignedWithSha384", [](auto& c) { c.sha384 = true; });
  add("OfX509Version2", [](auto& c) { c.version = 1; });
  // Keys of another kind cannot have signed the documents either.
  const Pki& own = GoodPki();
  for (const auto& [name, kind] :
       {std::pair{"P384", KeyKind::kP384}, {"Rsa", KeyKind::kRsa2048}}) {
    const EvpPkeyPtr key = simulator::MakeKey(kind).value();
    rows.push_back(SignerChain(std::string("SignerKey") + name,
                               Issued(simulator::GoodPkiSpec().tcb_signing,
                                      key.get(), {own.root(), own.root_key()}) +
                                   Pem(own.root())));
  }
}

}  // namespace

Mutants SigningChainMutants() {
  const Blocks blocks;
  Mutants rows;
  AddSignerOrders(rows, blocks);
  AddWrongSigners(rows, blocks);
  AddSignerProfiles(rows);
  return rows;
}

}  // namespace tdxvfs::testing

// SPDX-License-Identifier: Apache-2.0
// A certificate revocation list wrong, or a certificate on one.
#include <utility>

#include <openssl/pem.h>

#include "simulator/crl_spec.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::Bytes;
using simulator::CollateralSpec;
using simulator::CrlSpec;
using verify::CollateralDocuments;

// One of the two CRLs of a set.
struct WhichCrl {
  std::string name;
  CrlSpec CollateralSpec::*spec;
  Bytes CollateralDocuments::*der;
};

const std::vector<WhichCrl>& BothCrls() {
  static const std::vector<WhichCrl> both = {
      {"RootCrl", &CollateralSpec::root_ca_crl,
       &CollateralDocuments::root_ca_crl},
      {"PckCrl", &CollateralSpec::pck_crl, &CollateralDocuments::pck_crl}};
  return both;
}

Mutants ProfileMutants(const WhichCrl& which) {
  Mutants rows;
  const auto add = [&](const std::string& name,
                       const std::function<void(CrlSpec&)>& change) {
    rows.push_back(CollateralMutant(
        which.name + name, "crl",
        [&](CollateralSpec& spec) { change(spec.*(which.spec)); }));
  };
  add("WithoutNextUpdate", [](CrlSpec& s) { s.next_update.reset(); });
  add("WithoutNumber", [](CrlSpec& s) { s.number.reset(); });
  add("WithoutAuthorityKeyId", [](CrlSpec& s) { s.authority_key_id = false; });
  add("WithAuthorityKeyIdOfAnother",
      [](CrlSpec& s) { s.authority = GoodPki().tcb_signing(); });
  add("OfVersion1", [](CrlSpec& s) { s.version = 0; });
  add("OfVersion3", [](CrlSpec& s) { s.version = 2; });
  add("SignedWithSha384", [](CrlSpec& s) { s.sha384 = true; });
  add("Delta", [](CrlSpec& s) { s.delta = true; });
  add("Indirect", [](CrlSpec& s) { s.distribution_point = true; });
  // No critical extension to stumble over: what it says has to count.
  add("DeltaWithoutSayingCritical", [](CrlSpec& s) {
    s.delta = true;
    s.incomplete_is_critical = false;
  });
  add("IndirectWithoutSayingCritical", [](CrlSpec& s) {
    s.distribution_point = true;
    s.incomplete_is_critical = false;
  });
  add("WithUnknownCriticalExtension",
      [](CrlSpec& s) { s.unknown_critical_extension = true; });
  add("SignatureFlipped", [](CrlSpec& s) { s.signature_flipped = true; });
  add("ByTcbSigning",
      [](CrlSpec& s) { s.issuer_name = "Intel SGX TCB Signing"; });
  add("ByNameThatBeginsRight",
      [](CrlSpec& s) { s.issuer_name = "Intel SGX Root CA 2"; });
  add("ByNameInOtherCase",
      [](CrlSpec& s) { s.issuer_name = "intel sgx root ca"; });
  add("WithTailOfZero", [](CrlSpec& s) { s.tail = {0}; });
  add("WithTail", [](CrlSpec& s) { s.tail = Bytes(300, 0x30); });
  return rows;
}

std::string CrlPem(const Bytes& der) {
  const unsigned char* position = der.data();
  const X509CrlPtr crl(
      d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(memory.get(), crl.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Mutants EncodingMutants(const WhichCrl& which) {
  Mutants rows;
  const auto add = [&](const std::string& name,
                       const std::function<void(Bytes&)>& change) {
    rows.push_back(DocumentsMutant(
        which.name + name, "crl",
        [&](CollateralDocuments& d) { change(d.*(which.der)); }));
  };
  add("Missing", [](Bytes& der) { der.clear(); });
  add("OneByte", [](Bytes& der) { der.resize(1); });
  add("Halved", [](Bytes& der) { der.resize(der.size() / 2); });
  add("OneByteShort", [](Bytes& der) { der.pop_back(); });
  add("Doubled", [](Bytes& der) {
    const Bytes once = der;
    der.insert(der.end(), once.begin(), once.end());
  });
  add("IsPem", [](Bytes& der) {
    const std::string pem = CrlPem(der);
    der.assign(pem.begin(), pem.end());
  });
  add("IsZeroes", [](Bytes& der) { der.assign(der.size(), 0); });
  add("IsAMegabyte", [](Bytes& der) { der.resize((1U << 20U) + 1); });
  add("LengthLargest", [](Bytes& der) {
    der[1] = 0x84;
    der.insert(der.begin() + 2, {0xff, 0xff, 0xff, 0xff});
  });
  add("LengthIndefinite", [](Bytes& der) { der[1] = 0x80; });
  add("LengthOneMore", [](Bytes& der) { ++der[3]; });
  add("LengthOneLess", [](Bytes& der) { --der[3]; });
  add("IsASet", [](Bytes& der) { der[0] = 0x31; });
  return rows;
}

// A CRL of the right form by somebody else.
Mutants ForeignMutants(const WhichCrl& which) {
  static const simulator::Pki foreign =
      simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  const CrlSpec good = GoodCollateral().*(which.spec);
  const auto by = [&](const simulator::Signer& signer) {
    return simulator::MakeCrl(good, signer).value();
  };
  const auto row = [&](const std::string& name, const Bytes& crl) {
    return DocumentsMutant(
        which.name + name, "crl",
        [&](CollateralDocuments& d) { d.*(which.der) = crl; });
  };
  const simulator::Pki& own = GoodPki();
  const bool root = which.name == "RootCrl";
  return {row("OfAStrangerWithTheRightName",
              root ? by({foreign.root(), foreign.root_key()})
                   : by({foreign.intermediate(), foreign.intermediate_key()})),
          row("OfTheRightNameByAStrangersKey",
              root ? by({own.root(), foreign.root_key()})
                   : by({own.intermediate(), foreign.intermediate_key()})),
          row("ByTheOtherCa",
              root ? by({own.intermediate(), own.intermediate_key()})
                   : by({own.root(), own.root_key()})),
          row("ByTheTcbSigner", by({own.tcb_signing(), own.tcb_signing_key()})),
          row("ByTheLeaf", by({own.leaf(), own.leaf_key()}))};
}

}  // namespace

Mutants CrlMutants() {
  Mutants rows;
  for (const WhichCrl& which : BothCrls()) {
    Append(rows, ProfileMutants(which));
    Append(rows, EncodingMutants(which));
    Append(rows, ForeignMutants(which));
  }
  rows.push_back(DocumentsMutant(
      "CrlsSwapped", "crl",
      [](CollateralDocuments& d) { std::swap(d.root_ca_crl, d.pck_crl); }));
  // The Processor CA's list says nothing about a leaf of the Platform CA.
  const auto processor = simulator::Pki::Make(
      simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor));
  const Bytes crl =
      simulator::MakeCrl(GoodCollateral().pck_crl,
                         {processor->intermediate(), GoodPki().root_key()})
          .value();
  rows.push_back(
      DocumentsMutant("ProcessorCrlForPlatformLeaf", "crl",
                      [&](CollateralDocuments& d) { d.pck_crl = crl; }));
  return rows;
}

Mutants RevocationMutants() {
  using simulator::RevokedSpec;
  using simulator::SerialOf;
  Mutants rows;
  const Bytes leaf = SerialOf(GoodPki().leaf()).value();
  const Bytes intermediate = SerialOf(GoodPki().intermediate()).value();
  const Bytes signer = SerialOf(GoodPki().tcb_signing()).value();
  std::vector<RevokedSpec> many;
  for (std::uint8_t i = 1; i < 60; ++i) {
    many.push_back({{0x7f, i}});
  }
  const auto add = [&](const std::string& name, const std::string& failure,
                       CrlSpec CollateralSpec::*crl, const Bytes& serial) {
    for (const bool reason : {true, false}) {
      const std::string suffix = reason ? "" : "WithoutReason";
      rows.push_back(
          CollateralMutant(name + suffix, failure, [&](CollateralSpec& spec) {
            (spec.*crl).revoked = {{serial, reason}};
          }));
      rows.push_back(CollateralMutant(
          name + suffix + "AmongMany", failure, [&](CollateralSpec& spec) {
            (spec.*crl).revoked = many;
            (spec.*crl).revoked.push_back({serial, reason});
          }));
    }
  };
  add("LeafRevoked", "revoked-pck", &CollateralSpec::pck_crl, leaf);
  add("IntermediateRevoked", "revoked-ca", &CollateralSpec::root_ca_crl,
      intermediate);
  add("TcbSignerRevoked", "revoked-ca", &CollateralSpec::root_ca_crl, signer);
  return rows;
}

}  // namespace tdxvfs::testing

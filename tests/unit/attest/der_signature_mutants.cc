// SPDX-License-Identifier: Apache-2.0
// The DER signature of a certificate or of a revocation list wrong, all else
// being what was signed.
#include <span>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "common/hex.h"
#include "simulator/der_writer.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::Bytes;
using simulator::DerSequence;
using simulator::DerValue;
using simulator::QuoteParts;
using verify::CollateralDocuments;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kSequence = 0x30;

// Certificate or list: SEQUENCE { signed part, algorithm, BIT STRING }.
struct Signed {
  Bytes signed_part;
  Bytes algorithm;
  attest::ByteArray<64> signature{};  // r || s
};

// The first value of some DER, with its header, cut off the front.
Bytes TakeValue(std::span<const std::uint8_t>& der, std::size_t& header) {
  std::size_t size = der[1];
  header = 2;
  if ((size & 0x80U) != 0) {
    const std::size_t count = size & 0x7fU;
    size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      size = size << 8U | der[2 + i];
    }
    header += count;
  }
  const auto value = der.first(header + size);
  der = der.subspan(header + size);
  return {value.begin(), value.end()};
}

Signed TakeApart(std::span<const std::uint8_t> der) {
  std::size_t header = 0;
  const Bytes whole = TakeValue(der, header);
  std::span<const std::uint8_t> rest = std::span(whole).subspan(header);
  Signed parts;
  parts.signed_part = TakeValue(rest, header);
  parts.algorithm = TakeValue(rest, header);
  const Bytes bits = TakeValue(rest, header);
  const unsigned char* position = &bits[header + 1];
  const EcdsaSignaturePtr signature(d2i_ECDSA_SIG(
      nullptr, &position, static_cast<long>(bits.size() - header - 1)));
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), parts.signature.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), &parts.signature[32], 32);
  return parts;
}

// A number in its shortest form, as DER demands.
Bytes Shortest(std::span<const std::uint8_t> number) {
  while (number.size() > 1 && number.front() == 0) {
    number = number.subspan(1);
  }
  Bytes contents(number.begin(), number.end());
  if ((contents.front() & 0x80U) != 0) {
    contents.insert(contents.begin(), 0);
  }
  return DerValue(kInteger, contents);
}

struct SignatureCase {
  std::string name;
  Bytes bit_string;
};

Bytes Bits(const Bytes& signature, std::uint8_t unused = 0) {
  Bytes contents = {unused};
  contents.insert(contents.end(), signature.begin(), signature.end());
  return DerValue(kBitString, contents);
}

void AddScalarCases(std::vector<SignatureCase>& cases, const Bytes& r,
                    const Bytes& s) {
  for (const WrongScalar& scalar : WrongScalars()) {
    const Bytes wrong = Shortest(scalar.value);
    cases.push_back({"R" + scalar.name, Bits(DerSequence({wrong, s}))});
    cases.push_back({"S" + scalar.name, Bits(DerSequence({r, wrong}))});
  }
}

// Every way in which r and s can be put wrongly; the right way comes first.
std::vector<SignatureCase> SignatureCases(const Signed& parts) {
  const auto raw = std::span(parts.signature);
  const Bytes r = Shortest(raw.first(32));
  const Bytes s = Shortest(raw.subspan(32));
  const Bytes good = DerSequence({r, s});
  Bytes longer = good;
  longer.push_back(0);
  Bytes padded_contents(34);
  std::copy(raw.begin(), raw.begin() + 32, padded_contents.begin() + 2);
  Bytes negative(raw.begin(), raw.begin() + 32);
  negative.front() |= 0x80U;
  Bytes long_form = {kSequence, 0x81,
                     static_cast<std::uint8_t>(good.size() - 2)};
  long_form.insert(long_form.end(), good.begin() + 2, good.end());
  std::vector<SignatureCase> cases = {
      {"Right", Bits(good)},
      {"Swapped", Bits(DerSequence({s, r}))},
      {"RAlone", Bits(DerSequence({r}))},
      {"ThreeNumbers", Bits(DerSequence({r, s, s}))},
      {"Empty", Bits({})},
      {"EmptySequence", Bits(DerSequence({}))},
      {"Raw", Bits(Bytes(raw.begin(), raw.end()))},
      {"WithTail", Bits(longer)},
      {"RNotShortest",
       Bits(DerSequence({DerValue(kInteger, padded_contents), s}))},
      {"RNegative", Bits(DerSequence({DerValue(kInteger, negative), s}))},
      {"REmpty", Bits(DerSequence({DerValue(kInteger, {}), s}))},
      {"LongFormOfLength", Bits(long_form)},
      {"OctetString", DerValue(kOctetString, good)},
      {"UnusedBits", Bits(good, 1)},
      {"EightUnusedBits", Bits(good, 8)},
      {"NoBitString", {}}};
  AddScalarCases(cases, r, s);
  return cases;
}

Bytes WithSignature(const Signed& parts, const Bytes& bit_string) {
  return DerSequence({parts.signed_part, parts.algorithm, bit_string});
}

Bytes DerOf(X509* certificate) {
  Bytes der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  unsigned char* position = der.data();
  i2d_X509(certificate, &position);
  return der;
}

std::string CertificatePem(const Bytes& der) {
  Bytes base64(der.size() * 2);
  const int size =
      EVP_EncodeBlock(base64.data(), der.data(), static_cast<int>(der.size()));
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t i = 0; i < static_cast<std::size_t>(size); i += 64) {
    pem += AsText(std::span(base64).subspan(i))
               .substr(0, std::min<std::size_t>(
                              64, static_cast<std::size_t>(size) - i));
    pem += "\n";
  }
  return pem + "-----END CERTIFICATE-----\n";
}

Mutant QuoteWithChain(const std::string& name, const std::string& chain) {
  return MutantOf(QuoteKinds()[3], name, "pck-chain", [&](QuoteParts& p) {
    const auto bytes = AsBytes(chain);
    p.certification_data.assign(bytes.begin(), bytes.end());
  });
}

// An object of the evidence that carries a DER signature: what it is now, and
// the evidence with another in its place.
struct Place {
  std::string name;
  Bytes der;
  std::function<Mutant(const std::string&, const Bytes&)> with;
};

std::vector<Place> CertificatePlaces() {
  const auto pem = [](X509* certificate) {
    return CertificatePem(DerOf(certificate));
  };
  const std::string leaf = pem(GoodPki().leaf());
  const std::string intermediate = pem(GoodPki().intermediate());
  const std::string root = pem(GoodPki().root());
  return {
      {"Leaf", DerOf(GoodPki().leaf()),
       [=](const std::string& name, const Bytes& der) {
         return QuoteWithChain(name, CertificatePem(der) + intermediate + root);
       }},
      {"Intermediate", DerOf(GoodPki().intermediate()),
       [=](const std::string& name, const Bytes& der) {
         return QuoteWithChain(name, leaf + CertificatePem(der) + root);
       }},
      {"Root", DerOf(GoodPki().root()),
       [=](const std::string& name, const Bytes& der) {
         return QuoteWithChain(name, leaf + intermediate + CertificatePem(der));
       }},
      {"TcbSigner", DerOf(GoodPki().tcb_signing()),
       [=](const std::string& name, const Bytes& der) {
         return DocumentsMutant(
             name, "tcb-signing-chain", [&](CollateralDocuments& d) {
               d.tcb_signing_chain = CertificatePem(der) + root;
             });
       }}};
}

std::vector<Place> CrlPlaces() {
  const auto place = [](const std::string& name,
                        Bytes CollateralDocuments::*member) {
    return Place{name, (*GoodDocuments(attest::Tee::kTdx)).*member,
                 [member](const std::string& row, const Bytes& der) {
                   return DocumentsMutant(
                       row, "crl",
                       [&](CollateralDocuments& d) { d.*member = der; });
                 }};
  };
  return {place("RootCrl", &CollateralDocuments::root_ca_crl),
          place("PckCrl", &CollateralDocuments::pck_crl)};
}

std::vector<Place> AllPlaces() {
  std::vector<Place> places = CertificatePlaces();
  for (Place& crl : CrlPlaces()) {
    places.push_back(std::move(crl));
  }
  return places;
}

}  // namespace

Mutants DerSignatureMutants() {
  Mutants rows;
  for (const Place& place : AllPlaces()) {
    const Signed parts = TakeApart(place.der);
    const auto cases = SignatureCases(parts);
    EXPECT_EQ(WithSignature(parts, cases.front().bit_string), place.der);
    for (const SignatureCase& one : std::span(cases).subspan(1)) {
      rows.push_back(place.with(place.name + "Signature" + one.name,
                                WithSignature(parts, one.bit_string)));
    }
    // Another algorithm is named than the one that was signed with.
    Signed sha384 = parts;
    sha384.algorithm.back() = 3;
    rows.push_back(place.with(place.name + "AlgorithmSha384",
                              WithSignature(sha384, cases.front().bit_string)));
    Signed with_null = parts;
    with_null.algorithm =
        DerSequence({Bytes(parts.algorithm.begin() + 2, parts.algorithm.end()),
                     DerValue(0x05, {})});
    rows.push_back(
        place.with(place.name + "AlgorithmWithNull",
                   WithSignature(with_null, cases.front().bit_string)));
  }
  return rows;
}

}  // namespace tdxvfs::testing

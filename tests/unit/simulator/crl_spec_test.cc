// SPDX-License-Identifier: Apache-2.0
#include "simulator/crl_spec.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::GoodPki;

CrlSpec GoodSpec() { return testing::GoodCollateral().pck_crl; }

Bytes Make(const CrlSpec& spec) {
  return MakeCrl(spec, {GoodPki().intermediate(), GoodPki().intermediate_key()})
      .value();
}

// Reads what may have something after its end.
X509CrlPtr Parsed(const Bytes& der) {
  const unsigned char* position = der.data();
  return X509CrlPtr(
      d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
}

bool Has(const Bytes& der, int extension) {
  return X509_CRL_get_ext_by_NID(Parsed(der).get(), extension, -1) >= 0;
}

TEST(CrlSpec, MakesAGoodOneByDefault) {
  const Bytes der = Make(GoodSpec());
  const X509CrlPtr crl = Parsed(der);
  ASSERT_NE(crl, nullptr);
  EXPECT_EQ(X509_CRL_verify(crl.get(), GoodPki().intermediate_key()), 1);
  EXPECT_EQ(X509_CRL_get_version(crl.get()), 1);
  EXPECT_EQ(X509_NAME_cmp(X509_CRL_get_issuer(crl.get()),
                          X509_get_subject_name(GoodPki().intermediate())),
            0);
  EXPECT_TRUE(Has(der, NID_crl_number));
  EXPECT_TRUE(Has(der, NID_authority_key_identifier));
  EXPECT_EQ(X509_CRL_get_ext_count(crl.get()), 2);
  EXPECT_NE(X509_CRL_get0_nextUpdate(crl.get()), nullptr);
}

TEST(CrlSpec, ListsTheCertificatesThatAreRevoked) {
  CrlSpec spec = GoodSpec();
  spec.revoked = {{SerialOf(GoodPki().leaf()).value()}, {{0x80, 0x01}, false}};
  const X509CrlPtr crl = Parsed(Make(spec));
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, GoodPki().leaf()), 1);
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, GoodPki().intermediate()),
            0);
  EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get())), 2);
}

struct ChangeCase {
  std::string name;
  std::function<void(CrlSpec&)> change;
  std::function<bool(const Bytes&)> seen;
};

std::vector<ChangeCase> ExtensionChanges() {
  return {
      {"NoNextUpdate", [](CrlSpec& s) { s.next_update.reset(); },
       [](const Bytes& der) {
         return X509_CRL_get0_nextUpdate(Parsed(der).get()) == nullptr;
       }},
      {"NoNumber", [](CrlSpec& s) { s.number.reset(); },
       [](const Bytes& der) { return !Has(der, NID_crl_number); }},
      {"NoAuthorityKeyId", [](CrlSpec& s) { s.authority_key_id = false; },
       [](const Bytes& der) {
         return !Has(der, NID_authority_key_identifier);
       }},
      {"Delta", [](CrlSpec& s) { s.delta = true; },
       [](const Bytes& der) { return Has(der, NID_delta_crl); }},
      {"Indirect", [](CrlSpec& s) { s.distribution_point = true; },
       [](const Bytes& der) {
         return Has(der, NID_issuing_distribution_point);
       }},
      {"UnknownCriticalExtension",
       [](CrlSpec& s) { s.unknown_critical_extension = true; },
       [](const Bytes& der) {
         return X509_CRL_get_ext_by_critical(Parsed(der).get(), 1, -1) >= 0;
       }},
  };
}

std::vector<ChangeCase> OtherChanges() {
  return {
      {"OtherIssuer", [](CrlSpec& s) { s.issuer_name = "Intel SGX Root CA"; },
       [](const Bytes& der) {
         return X509_NAME_cmp(X509_CRL_get_issuer(Parsed(der).get()),
                              X509_get_subject_name(GoodPki().root())) == 0;
       }},
      {"SignatureFlipped", [](CrlSpec& s) { s.signature_flipped = true; },
       [](const Bytes& der) {
         return X509_CRL_verify(Parsed(der).get(),
                                GoodPki().intermediate_key()) != 1;
       }},
      {"Sha384", [](CrlSpec& s) { s.sha384 = true; },
       [](const Bytes& der) {
         return X509_CRL_get_signature_nid(Parsed(der).get()) ==
                NID_ecdsa_with_SHA384;
       }},
      {"Tail",
       [](CrlSpec& s) {
         s.tail = {1, 2};
       },
       [](const Bytes& der) {
         return static_cast<std::size_t>(
                    i2d_X509_CRL(Parsed(der).get(), nullptr)) +
                    2 ==
                der.size();
       }},
  };
}

TEST(CrlSpec, EveryChangeIsInTheCrl) {
  for (const auto& changes : {ExtensionChanges(), OtherChanges()}) {
    for (const ChangeCase& row : changes) {
      CrlSpec spec = GoodSpec();
      EXPECT_FALSE(row.seen(Make(spec))) << row.name;
      row.change(spec);
      const Bytes der = Make(spec);
      ASSERT_NE(Parsed(der), nullptr) << row.name;
      EXPECT_TRUE(row.seen(der)) << row.name;
    }
  }
}

}  // namespace
}  // namespace tdxvfs::simulator

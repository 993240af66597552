// SPDX-License-Identifier: Apache-2.0
// One field of a quote wrong: header, body, QE report, signatures.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include <gtest/gtest.h>

#include "simulator/certificate_spec.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::Bytes;
using simulator::QuoteParts;
using U16s = std::initializer_list<std::uint16_t>;
using U32s = std::initializer_list<std::uint32_t>;

// Where a field of a report lies.
struct Field {
  std::string name;
  std::size_t offset;
  std::size_t size;
};

// Intel TDX module ABI, TDREPORT; the last two in version 1.5 only.
std::vector<Field> TdFields(bool with_15) {
  std::vector<Field> fields = {
      {"TeeTcbSvn", 0, 16},     {"MrSeam", 16, 48},
      {"MrSignerSeam", 64, 48}, {"SeamAttributes", 112, 8},
      {"TdAttributes", 120, 8}, {"Xfam", 128, 8},
      {"MrTd", 136, 48},        {"MrConfigId", 184, 48},
      {"MrOwner", 232, 48},     {"MrOwnerConfig", 280, 48},
      {"Rtmr0", 328, 48},       {"Rtmr1", 376, 48},
      {"Rtmr2", 424, 48},       {"Rtmr3", 472, 48},
      {"ReportData", 520, 64}};
  if (with_15) {
    fields.push_back({"TeeTcbSvn2", 584, 16});
    fields.push_back({"MrServiceTd", 600, 48});
  }
  return fields;
}

// Intel SDM volume 3D, REPORT.
const std::vector<Field>& SgxFields() {
  static const std::vector<Field> fields = {
      {"CpuSvn", 0, 16},      {"MiscSelect", 16, 4},  {"Reserved1", 20, 28},
      {"Attributes", 48, 16}, {"MrEnclave", 64, 32},  {"Reserved2", 96, 32},
      {"MrSigner", 128, 32},  {"Reserved3", 160, 96}, {"IsvProdId", 256, 2},
      {"IsvSvn", 258, 2},     {"Reserved4", 260, 60}, {"ReportData", 320, 64}};
  return fields;
}

std::vector<Field> BodyFields(const QuoteParts& parts) {
  return parts.tee == 0 ? SgxFields() : TdFields(parts.body.size() == 648);
}

Mutants VersionMutants(const QuoteKind& kind) {
  Mutants rows;
  for (const std::uint16_t version : U16s{0, 1, 2, 3, 4, 5, 6, 0xffff}) {
    if (version != kind.parts.version) {
      Bytes quote = kind.parts.Assemble();
      quote[0] = static_cast<std::uint8_t>(version);
      quote[1] = static_cast<std::uint8_t>(version >> 8U);
      Mutant row = MutantOf(kind, "Version" + std::to_string(version), "format",
                            [](QuoteParts&) {});
      row.quote = std::move(quote);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Mutants HeaderMutantsOf(const QuoteKind& kind) {
  Mutants rows = VersionMutants(kind);
  const auto add = [&](const std::string& name, const std::string& failure,
                       const std::function<void(QuoteParts&)>& change) {
    rows.push_back(MutantOf(kind, name, failure, change));
  };
  for (const std::uint16_t type : U16s{0, 1, 3, 0x0200, 0xffff}) {
    add("KeyType" + std::to_string(type), "format",
        [type](QuoteParts& p) { p.key_type = type; });
  }
  for (const std::uint32_t tee : U32s{0x80, 0x82, 1, 0x81000000, 0xffffffff}) {
    add("Tee" + std::to_string(tee), "format",
        [tee](QuoteParts& p) { p.tee = tee; });
  }
  add("OtherTee", "format",
      [](QuoteParts& p) { p.tee = p.tee == 0 ? 0x81 : 0; });
  add("VendorFirstByte", "format",
      [](QuoteParts& p) { p.qe_vendor_id.front() ^= 1U; });
  add("VendorLastByte", "format",
      [](QuoteParts& p) { p.qe_vendor_id.back() ^= 0x80U; });
  add("QeSvnOrReserved", "quote-signature",
      [](QuoteParts& p) { p.reserved ^= 1U; });
  add("PceSvnOrReserved", "quote-signature",
      [](QuoteParts& p) { p.reserved ^= 0x10000U; });
  add("QeId", "quote-signature",
      [](QuoteParts& p) { p.user_data.front() ^= 1U; });
  add("UserDataEnd", "quote-signature",
      [](QuoteParts& p) { p.user_data.back() ^= 1U; });
  return rows;
}

}  // namespace

Mutants HeaderMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    Append(rows, HeaderMutantsOf(kind));
  }
  return rows;
}

Mutants BodyMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    for (const Field& field : BodyFields(kind.parts)) {
      rows.push_back(
          MutantOf(kind, field.name + "First", "quote-signature",
                   [&field](QuoteParts& p) { p.body.at(field.offset) ^= 1U; }));
      rows.push_back(MutantOf(kind, field.name + "Last", "quote-signature",
                              [&field](QuoteParts& p) {
                                p.body.at(field.offset + field.size - 1) ^=
                                    0x80U;
                              }));
    }
  }
  return rows;
}

Mutants QeReportMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    for (const Field& field : SgxFields()) {
      rows.push_back(MutantOf(
          kind, "Qe" + field.name, "qe-report-signature",
          [&field](QuoteParts& p) { p.qe_report.at(field.offset) ^= 1U; }));
    }
  }
  return rows;
}

namespace {

// What the platform does sign: a QE report of another enclave.
Mutant ResignedMutant(const QuoteKind& kind, const std::string& name,
                      const std::string& failure, std::size_t offset,
                      std::uint8_t bits) {
  return MutantOf(
      kind, "Resigned" + name, failure, [offset, bits](QuoteParts& p) {
        p.qe_report.at(offset) ^= bits;
        ASSERT_TRUE(p.SignQeReport(GoodPki().leaf_key()).has_value());
      });
}

}  // namespace

Mutants ResignedQeReportMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    const auto add = [&](const std::string& name, const std::string& failure,
                         std::size_t offset, std::uint8_t bits) {
      rows.push_back(ResignedMutant(kind, name, failure, offset, bits));
    };
    add("MrSigner", "qe-identity-mismatch", 128, 1);
    add("MrSignerEnd", "qe-identity-mismatch", 159, 0x80);
    add("ProdId", "qe-identity-mismatch", 256, 4);
    add("ProdIdHigh", "qe-identity-mismatch", 257, 1);
    add("MiscSelect", "qe-identity-mismatch", 19, 1);
    add("NotInitialised", "qe-identity-mismatch", 48, 1);
    add("NoProvisionKey", "qe-identity-mismatch", 48, 0x10);
    add("ReservedAttribute", "qe-identity-mismatch", 55, 0x80);
    add("SvnTooLow", "tcb-not-supported", 258, 6 ^ 3);
    add("Debug", "qe-debug", 48, 2);
    add("ReportDataTail", "qe-report-data", 320 + 32, 1);
    add("ReportDataEnd", "qe-report-data", 320 + 63, 1);
    add("ReportDataDigest", "qe-report-data", 320, 1);
  }
  return rows;
}

namespace {

void SetHalf(attest::ByteArray<64>& pair, std::size_t half,
             const std::array<std::uint8_t, 32>& value) {
  std::copy(value.begin(), value.end(),
            pair.begin() + static_cast<std::ptrdiff_t>(32 * half));
}

Mutants ScalarMutants(const QuoteKind& kind) {
  Mutants rows;
  using Pair = attest::ByteArray<64> QuoteParts::*;
  const std::vector<std::tuple<std::string, std::string, Pair>> signatures = {
      {"Quote", "quote-signature", &QuoteParts::signature},
      {"QeReport", "qe-report-signature", &QuoteParts::qe_report_signature}};
  for (const auto& signature : signatures) {
    const auto add = [&](const std::string& what,
                         const std::function<void(attest::ByteArray<64>&)>& f) {
      const auto& [name, failure, pair] = signature;
      std::string row = what;
      row += "Of";
      row += name;
      rows.push_back(
          MutantOf(kind, row, failure,
                   [&f, pair = pair](QuoteParts& p) { f(p.*pair); }));
    };
    for (const WrongScalar& scalar : WrongScalars()) {
      add("R" + scalar.name,
          [&scalar](auto& raw) { SetHalf(raw, 0, scalar.value); });
      add("S" + scalar.name,
          [&scalar](auto& raw) { SetHalf(raw, 1, scalar.value); });
    }
    add("AllZero", [](auto& raw) { raw.fill(0); });
    add("Swapped", [](auto& raw) {
      std::rotate(raw.begin(), raw.begin() + 32, raw.end());
    });
    add("LittleEndian", [](auto& raw) {
      std::reverse(raw.begin(), raw.begin() + 32);
      std::reverse(raw.begin() + 32, raw.end());
    });
    add("FlippedR", [](auto& raw) { raw[31] ^= 1U; });
    add("FlippedS", [](auto& raw) { raw[63] ^= 1U; });
  }
  return rows;
}

// The binding to the QE report breaks first, whatever the key is.
Mutants KeyMutants(const QuoteKind& kind) {
  Mutants rows;
  const auto add = [&](const std::string& name, const std::string& failure,
                       const std::function<void(QuoteParts&)>& change) {
    rows.push_back(MutantOf(kind, name, failure, change));
  };
  add("KeyZero", "qe-report-data",
      [](QuoteParts& p) { p.attestation_key.fill(0); });
  add("KeyFlipped", "qe-report-data",
      [](QuoteParts& p) { p.attestation_key[0] ^= 1U; });
  add("KeyNegated", "qe-report-data",
      [](QuoteParts& p) { p.attestation_key[63] ^= 1U; });
  add("AttackersKey", "qe-report-data", [](QuoteParts& p) {
    const auto key = simulator::MakeKey(simulator::KeyKind::kP256).value();
    const auto genuine = p.qe_report;
    ASSERT_TRUE(p.BindAttestationKey(key.get()).has_value());
    ASSERT_TRUE(p.SignBody(key.get()).has_value());
    p.qe_report = genuine;
  });
  add("AttackersKeyBound", "qe-report-signature", [](QuoteParts& p) {
    const auto key = simulator::MakeKey(simulator::KeyKind::kP256).value();
    ASSERT_TRUE(p.BindAttestationKey(key.get()).has_value());
    ASSERT_TRUE(p.SignBody(key.get()).has_value());
  });
  add("AttackersKeyAndQe", "qe-report-signature", [](QuoteParts& p) {
    const auto key = simulator::MakeKey(simulator::KeyKind::kP256).value();
    ASSERT_TRUE(p.BindAttestationKey(key.get()).has_value());
    ASSERT_TRUE(p.SignBody(key.get()).has_value());
    ASSERT_TRUE(p.SignQeReport(key.get()).has_value());
  });
  add("AuthenticationDataFlipped", "qe-report-data",
      [](QuoteParts& p) { p.authentication_data.back() ^= 1U; });
  add("AuthenticationDataShorter", "qe-report-data",
      [](QuoteParts& p) { p.authentication_data.pop_back(); });
  add("AuthenticationDataLonger", "qe-report-data",
      [](QuoteParts& p) { p.authentication_data.push_back(0); });
  add("NoAuthenticationData", "qe-report-data",
      [](QuoteParts& p) { p.authentication_data.clear(); });
  return rows;
}

}  // namespace

Mutants SignatureMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    Append(rows, ScalarMutants(kind));
    Append(rows, KeyMutants(kind));
  }
  return rows;
}

}  // namespace tdxvfs::testing

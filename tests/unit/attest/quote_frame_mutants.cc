// SPDX-License-Identifier: Apache-2.0
// The frame of a quote wrong: lengths, types, ends, parts of another quote.
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "common/hex.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::Bytes;
using simulator::QuoteParts;
using U16s = std::initializer_list<std::uint16_t>;

constexpr std::uint32_t kQeReportAndSignature = 384 + 64;
constexpr std::uint32_t kSignatureAndKey = 128;

// The true lengths of a good quote's sections.
struct Sizes {
  std::uint32_t certification;
  std::uint32_t authentication;
  std::uint32_t outer;
  std::uint32_t section;
};

Sizes SizesOf(const QuoteParts& p) {
  Sizes sizes{};
  sizes.certification = static_cast<std::uint32_t>(p.certification_data.size());
  sizes.authentication =
      static_cast<std::uint32_t>(p.authentication_data.size());
  sizes.outer = kQeReportAndSignature + 2 + sizes.authentication + 6 +
                sizes.certification;
  sizes.section = kSignatureAndKey + (p.version == 3 ? 0 : 6) + sizes.outer;
  return sizes;
}

Mutants SizeMutants(const QuoteKind& kind, const std::string& name,
                    std::optional<std::uint32_t> QuoteParts::*member,
                    std::uint32_t right) {
  Mutants rows;
  for (const auto& [word, value] :
       std::vector<std::pair<std::string, std::uint32_t>>{
           {"Zero", 0},
           {"One", 1},
           {"OneLess", right - 1},
           {"OneMore", right + 1},
           {"LargestSigned", 0x7fffffff},
           {"Largest", 0xffffffff}}) {
    rows.push_back(MutantOf(
        kind, name + word, "format",
        [member, value = value](QuoteParts& p) { p.*member = value; }));
  }
  return rows;
}

Mutants AuthenticationSizeMutants(const QuoteKind& kind) {
  Mutants rows;
  for (const std::uint16_t value : U16s{0, 1, 31, 33, 0x7fff, 0xffff}) {
    rows.push_back(
        MutantOf(kind, "AuthenticationSize" + std::to_string(value), "format",
                 [value](QuoteParts& p) { p.authentication_size = value; }));
  }
  return rows;
}

Mutants TypeMutants(const QuoteKind& kind) {
  Mutants rows;
  for (const std::uint16_t type : U16s{0, 6, 7, 0x0500, 0xffff}) {
    rows.push_back(
        MutantOf(kind, "CertificationType" + std::to_string(type), "format",
                 [type](QuoteParts& p) { p.certification_type = type; }));
  }
  for (const std::uint16_t type : U16s{1, 2, 3, 4}) {
    rows.push_back(MutantOf(
        kind, "CertificationType" + std::to_string(type), "unsupported",
        [type](QuoteParts& p) { p.certification_type = type; }));
  }
  if (kind.parts.version != 3) {
    for (const std::uint16_t type : U16s{0, 1, 2, 3, 4, 5, 7, 0xffff}) {
      rows.push_back(MutantOf(kind, "OuterType" + std::to_string(type),
                              "format",
                              [type](QuoteParts& p) { p.outer_type = type; }));
    }
  }
  return rows;
}

Mutants BodyDescriptorMutants(const QuoteKind& kind) {
  Mutants rows;
  const auto size = static_cast<std::uint32_t>(kind.parts.body.size());
  for (const std::uint16_t type : U16s{0, 1, 2, 3, 4, 5, 0xffff}) {
    if (type != kind.parts.body_type) {
      rows.push_back(MutantOf(kind, "BodyType" + std::to_string(type), "format",
                              [type](QuoteParts& p) { p.body_type = type; }));
    }
  }
  for (const std::uint32_t value : {0U, size - 1, size + 1, size - 64,
                                    size + 64, size + 65536, 0xffffffffU}) {
    rows.push_back(MutantOf(kind, "BodySize" + std::to_string(value), "format",
                            [value](QuoteParts& p) { p.body_size = value; }));
  }
  return rows;
}

Mutants TailMutants(const QuoteKind& kind) {
  const Bytes whole = kind.parts.Assemble();
  const auto tail = [&](const std::string& name, const Bytes& bytes) {
    return MutantOf(kind, name, "format",
                    [&bytes](QuoteParts& p) { p.tail = bytes; });
  };
  Bytes late(70);
  late.back() = 1;
  return {tail("TailOfOneByte", {1}), tail("TailEndingInOne", late),
          tail("Doubled", whole),
          tail("TailAboveTheCap", Bytes(std::size_t{16} * 1024)),
          tail("TailOfAMegabyte", Bytes(std::size_t{1024} * 1024))};
}

// A section that is longer than its parts, with bytes there to fill it.
Mutants SlackMutants(const QuoteKind& kind) {
  const Sizes sizes = SizesOf(kind.parts);
  Mutants rows;
  for (const std::uint32_t slack : {1U, 6U}) {
    rows.push_back(MutantOf(kind, "SectionSlack" + std::to_string(slack),
                            "format", [&](QuoteParts& p) {
                              p.tail.resize(slack);
                              p.signature_size = sizes.section + slack;
                            }));
    if (kind.parts.version != 3) {
      rows.push_back(MutantOf(kind, "OuterSlack" + std::to_string(slack),
                              "format", [&](QuoteParts& p) {
                                p.tail.resize(slack);
                                p.outer_size = sizes.outer + slack;
                                p.signature_size = sizes.section + slack;
                              }));
    }
  }
  return rows;
}

}  // namespace

Mutants LengthMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    const Sizes sizes = SizesOf(kind.parts);
    Append(rows, SizeMutants(kind, "SectionSize", &QuoteParts::signature_size,
                             sizes.section));
    if (kind.parts.version != 3) {
      Append(rows, SizeMutants(kind, "OuterSize", &QuoteParts::outer_size,
                               sizes.outer));
    }
    Append(rows,
           SizeMutants(kind, "CertificationSize",
                       &QuoteParts::certification_size, sizes.certification));
    Append(rows, AuthenticationSizeMutants(kind));
    Append(rows, TypeMutants(kind));
    if (kind.parts.version == 5) {
      Append(rows, BodyDescriptorMutants(kind));
    }
    Append(rows, TailMutants(kind));
    Append(rows, SlackMutants(kind));
  }
  return rows;
}

namespace {

// The end of every field and section, in order.
std::set<std::size_t> Boundaries(const QuoteParts& p) {
  const Sizes sizes = SizesOf(p);
  const std::size_t body_end = p.SignedBytes().size();
  const std::size_t section = body_end + 4;
  const std::size_t certification =
      section + kSignatureAndKey + (p.version == 3 ? 0 : 6);
  const std::size_t authentication =
      certification + kQeReportAndSignature + 2 + sizes.authentication;
  return {0,
          2,
          4,
          8,
          10,
          12,
          28,
          48,
          54,
          body_end,
          section,
          section + 64,
          section + kSignatureAndKey,
          certification,
          certification + 384,
          certification + kQeReportAndSignature,
          certification + kQeReportAndSignature + 2,
          authentication,
          authentication + 2,
          authentication + 6,
          authentication + 6 + sizes.certification};
}

}  // namespace

Mutants TruncationMutants() {
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    const Bytes whole = kind.parts.Assemble();
    std::set<std::size_t> cuts;
    for (const std::size_t boundary : Boundaries(kind.parts)) {
      cuts.insert({boundary == 0 ? 0 : boundary - 1, boundary, boundary + 1});
    }
    for (const std::size_t cut : cuts) {
      if (cut >= whole.size()) {
        continue;
      }
      Mutant row = MutantOf(kind, "CutAt" + std::to_string(cut), "format",
                            [](QuoteParts&) {});
      row.quote.assign(whole.begin(),
                       whole.begin() + static_cast<std::ptrdiff_t>(cut));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

namespace {

QuoteParts PartsBy(const simulator::QuoteSigner& signer,
                   const QuoteParts& like) {
  if (like.tee == 0) {
    return signer.Parts(like.version, simulator::GoodSgxReport()).value();
  }
  simulator::QuoteParts parts =
      signer.Parts(4, simulator::GoodTdReport()).value();
  if (like.version == 5) {
    parts = signer.Parts(5, simulator::GoodTdReport()).value();
  }
  return parts;
}

Mutants SplicesFrom(const QuoteKind& kind, const std::string& name,
                    const QuoteParts& donor, bool same_leaf) {
  Mutants rows;
  const auto add = [&](const std::string& part, const std::string& failure,
                       const std::function<void(QuoteParts&)>& change) {
    rows.push_back(MutantOf(kind, part + "Of" + name, failure, change));
  };
  // A QE report that this leaf did not sign breaks there already.
  const std::string of_report =
      same_leaf ? "qe-report-data" : "qe-report-signature";
  add("Signature", "quote-signature",
      [&](QuoteParts& p) { p.signature = donor.signature; });
  add("Key", "qe-report-data",
      [&](QuoteParts& p) { p.attestation_key = donor.attestation_key; });
  add("KeyAndSignature", "qe-report-data", [&](QuoteParts& p) {
    p.attestation_key = donor.attestation_key;
    p.signature = donor.signature;
  });
  add("QeReport", "qe-report-signature",
      [&](QuoteParts& p) { p.qe_report = donor.qe_report; });
  add("QeSignature", "qe-report-signature", [&](QuoteParts& p) {
    p.qe_report_signature = donor.qe_report_signature;
  });
  add("SignedQeReport", of_report, [&](QuoteParts& p) {
    p.qe_report = donor.qe_report;
    p.qe_report_signature = donor.qe_report_signature;
  });
  add("Chain", same_leaf ? "" : "untrusted-root",
      [&](QuoteParts& p) { p.certification_data = donor.certification_data; });
  if (same_leaf) {
    rows.pop_back();  // it is the same chain
    add("WholeSection", "quote-signature", [&](QuoteParts& p) {
      QuoteParts spliced = donor;
      spliced.body = p.body;
      spliced.body.at(0) ^= 1U;
      spliced.body_type = p.body_type;
      p = spliced;
    });
  }
  return rows;
}

}  // namespace

Mutants SpliceMutants() {
  static const simulator::Pki foreign =
      simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  Mutants rows;
  for (const QuoteKind& kind : QuoteKinds()) {
    const auto tee = static_cast<attest::Tee>(kind.parts.tee);
    const auto neighbour =
        simulator::QuoteSigner::Create(GoodPki(), tee).value();
    Append(rows, SplicesFrom(kind, "Neighbour", PartsBy(neighbour, kind.parts),
                             true));
    const auto stranger = simulator::QuoteSigner::Create(foreign, tee).value();
    Append(rows,
           SplicesFrom(kind, "Stranger", PartsBy(stranger, kind.parts), false));
  }
  return rows;
}

}  // namespace tdxvfs::testing

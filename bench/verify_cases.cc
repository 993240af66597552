// SPDX-License-Identifier: Apache-2.0
#include "bench/verify_cases.h"

#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "simulator/collateral_spec.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"

namespace tdxvfs {
namespace {

// A vector of the real data: a TDX 1.0 quote whose platform is UpToDate.
constexpr const char* kQuote = "quotes/v4-b0c06f000000-f1c85033-pad70.bin";
constexpr const char* kSet =
    "collateral/tdx-v3-b0c06f000000-20250619-e17-platform-369f";
constexpr std::chrono::system_clock::time_point kAt{
    std::chrono::seconds(1751624191)};  // 2025-07-04T10:16:31Z

simulator::Bytes ReadBytes(const std::filesystem::path& path) {
  const std::string text = ReadFile(path, std::size_t{1} << 20U).value();
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string ReadText(const std::filesystem::path& path) {
  return ReadFile(path, std::size_t{1} << 20U).value();
}

VerifyCase RealCase(const std::filesystem::path& folder) {
  const auto set = folder / kSet;
  return {.name = "a real TDX quote",
          .quote = ReadBytes(folder / kQuote),
          .documents = {.tcb_info = ReadText(set / "tcb_info.json"),
                        .tcb_signing_chain =
                            ReadText(set / "tcb_signing_chain.pem"),
                        .qe_identity = ReadText(set / "qe_identity.json"),
                        .root_ca_crl = ReadBytes(set / "root_ca_crl.der"),
                        .pck_crl = ReadBytes(set / "pck_crl.der"),
                        .pck_crl_issuer_chain =
                            ReadText(set / "pck_crl_issuer_chain.pem")},
          .at = kAt,
          .root_pem = ReadText(folder / "certs/intel_sgx_root_ca.pem")};
}

verify::CollateralDocuments MakeDocuments(
    const simulator::Pki& pki, std::chrono::system_clock::time_point now) {
  const auto spec = simulator::GoodCollateralSpec(attest::Tee::kTdx, {}, now);
  auto made = simulator::MakeCollateral(pki, spec).value();
  return {.tcb_info = std::move(made.tcb_info),
          .tcb_signing_chain = std::move(made.tcb_signing_chain),
          .qe_identity = std::move(made.qe_identity),
          .root_ca_crl = std::move(made.root_ca_crl),
          .pck_crl = std::move(made.pck_crl),
          .pck_crl_issuer_chain = std::move(made.pck_crl_issuer_chain)};
}

}  // namespace

VerifyCase MakeVerifyCase() {
  const char* folder = getenv("TDXVFS_TESTDATA");
  if (folder != nullptr) {
    return RealCase(folder);
  }
  const auto pki = simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  const auto signer = simulator::QuoteSigner::Create(pki).value();
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(
      std::chrono::system_clock::now());
  return {.name = "a pretend TDX quote",
          .quote = signer.Sign(4, simulator::GoodTdReport()).value(),
          .documents = MakeDocuments(pki, now),
          .at = now,
          .root_pem = pki.RootPem().value()};
}

OneSet::OneSet(const verify::CollateralDocuments& documents,
               const verify::TrustAnchor& anchor, bool anew)
    : documents_(documents), anchor_(anchor), anew_(anew) {
  if (!anew) {
    ready_ = verify::VerifyCollateral(documents, anchor).value().collateral;
  }
}

Result<verify::CollateralOutcome> OneSet::Find(const Wanted& wanted) {
  if (anew_) {
    return verify::VerifyCollateral(documents_, anchor_, wanted.leaf_issuer);
  }
  return verify::CollateralOutcome{ready_, {}};
}

void VerifyOrDie(const simulator::Bytes& quote,
                 const verify::Judging& judging) {
  const auto evaluation =
      verify::VerifyQuote(attest::ParseQuote(quote).value(), judging);
  if (!evaluation.has_value() || !evaluation->genuine) {
    (void)fprintf(stderr, "verify_speed: not genuine: %s\n",
                  evaluation.has_value()
                      ? evaluation->failure.c_str()
                      : evaluation.error().ToString().c_str());
    exit(1);
  }
}

}  // namespace tdxvfs

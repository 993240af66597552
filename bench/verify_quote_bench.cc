// SPDX-License-Identifier: Apache-2.0
// How much of a quote's verification is more than the signatures themselves:
// one P-256 verify against VerifyQuote on a platform whose chain is known and
// on one that is new, in the same run. Medians of repetitions:
//   verify_quote_bench --benchmark_repetitions=20
//     --benchmark_report_aggregates_only
#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include <benchmark/benchmark.h>

#include "attest/verify/p256.h"
#include "attest/verify/verify_quote.h"
#include "simulator/pki.h"
#include "simulator/quote_parts.h"
#include "simulator/quote_signer.h"

namespace tdxvfs {
namespace {

struct Evidence {
  simulator::Pki pki = simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  simulator::QuoteSigner signer = simulator::QuoteSigner::Create(pki).value();
  simulator::Bytes quote = signer.Sign(4, simulator::GoodTdReport()).value();
  std::string root_pem = pki.RootPem().value();
};

const Evidence& SharedEvidence() {
  static const Evidence evidence;
  return evidence;
}

void P256Verify(benchmark::State& state) {
  const auto pair = simulator::MakeKey(simulator::KeyKind::kP256).value();
  std::array<std::uint8_t, 65> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(pair.get(), "encoded-pub-key",
                                      point.data(), point.size(), &size) != 1) {
    state.SkipWithError("no public key");
    return;
  }
  const auto key =
      verify::P256Key::FromPoint(std::span(point).last<64>()).value();
  const std::array<std::uint8_t, 632> message{};
  const auto signature = simulator::RawSignature(pair.get(), message).value();
  for (auto step : state) {
    (void)step;
    benchmark::DoNotOptimize(key.CheckSignature(message, signature));
  }
}
BENCHMARK(P256Verify);

void ParseOnly(benchmark::State& state) {
  const auto& quote = SharedEvidence().quote;
  for (auto step : state) {
    (void)step;
    benchmark::DoNotOptimize(attest::ParseQuote(quote));
  }
}
BENCHMARK(ParseOnly);

void VerifyKnownPlatform(benchmark::State& state) {
  const auto& evidence = SharedEvidence();
  const auto anchor = verify::TrustAnchor::FromPem(evidence.root_pem).value();
  const auto now = std::chrono::system_clock::now();
  for (auto step : state) {
    (void)step;
    auto evaluation = verify::VerifyQuote(
        attest::ParseQuote(evidence.quote).value(), {anchor, now});
    if (!evaluation.value().genuine) {
      state.SkipWithError("the quote is not genuine");
    }
  }
}
BENCHMARK(VerifyKnownPlatform);

// A fresh anchor knows no chain yet; making it is not timed.
void VerifyNewPlatform(benchmark::State& state) {
  const auto& evidence = SharedEvidence();
  const auto now = std::chrono::system_clock::now();
  for (auto step : state) {
    (void)step;
    state.PauseTiming();
    const auto anchor = verify::TrustAnchor::FromPem(evidence.root_pem).value();
    state.ResumeTiming();
    benchmark::DoNotOptimize(verify::VerifyQuote(
        attest::ParseQuote(evidence.quote).value(), {anchor, now}));
  }
}
BENCHMARK(VerifyNewPlatform);

}  // namespace
}  // namespace tdxvfs

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
// How much of a verification with collateral is more than its signatures, in
// CPU time against bare P-256 verifications in the same round:
//   verify_speed [ROUNDS]
// cold: nothing known, 9 signatures; warm: chain and collateral known, 2; hot:
// the quoting enclave known, too, 1. Then garbage, memory and two threads.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "attest/verify/crl.h"
#include "attest/verify/p256.h"
#include "attest/verify/quoting_enclave.h"
#include "attest/verify/signed_document.h"
#include "attest/verify/verified_cache.h"
#include "attest/verify/verify_quote.h"
#include "bench/verify_cases.h"
#include "simulator/certificate_spec.h"
#include "simulator/quote_signer.h"

namespace tdxvfs {
namespace {

using Work = std::function<void()>;

double CpuMicroseconds() {
  struct timespec now {};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 +
         static_cast<double>(now.tv_nsec) / 1e3;
}

double TimeOf(const Work& work, int times) {
  const double before = CpuMicroseconds();
  for (int i = 0; i < times; ++i) {
    work();
  }
  return (CpuMicroseconds() - before) / times;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A signature check with key, digest and context ready: what no verifier can
// do without.
class Floor {
 public:
  Floor() : key_(simulator::MakeKey(simulator::KeyKind::kP256).value()) {
    context_.reset(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t size = signature_.size();
    if (EVP_PKEY_sign_init(context_.get()) != 1 ||
        EVP_PKEY_sign(context_.get(), signature_.data(), &size, digest_.data(),
                      digest_.size()) != 1 ||
        EVP_PKEY_verify_init(context_.get()) != 1) {
      exit(1);
    }
    signature_.resize(size);
  }
  void Verify() {
    if (EVP_PKEY_verify(context_.get(), signature_.data(), signature_.size(),
                        digest_.data(), digest_.size()) != 1) {
      exit(1);
    }
  }

 private:
  EvpPkeyPtr key_;
  PkeyContextPtr context_;
  std::array<std::uint8_t, 32> digest_{1, 2, 3};
  std::vector<std::uint8_t> signature_ = std::vector<std::uint8_t>(80);
};

struct Case {
  const char* name;
  int signatures;
  double allowed;
  Work work;
};

void PrintRatios(const std::vector<Case>& cases, int rounds) {
  constexpr int batch = 40;
  Floor floor;
  std::vector<double> floors;
  std::vector<std::vector<double>> times(cases.size());
  std::vector<std::vector<double>> ratios(cases.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const double before = TimeOf([&] { floor.Verify(); }, batch * 4);
      const double time = TimeOf(cases[i].work, batch);
      const double after = TimeOf([&] { floor.Verify(); }, batch * 4);
      const double bare = (before + after) / 2;
      floors.push_back(bare);
      times[i].push_back(time);
      ratios[i].push_back(time / (bare * cases[i].signatures));
    }
  }
  (void)printf("%-26s %9.1f us\n", "one bare verification", Median(floors));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const double time = Median(times[i]);
    (void)printf("%-26s %9.1f us  %5.0f/s  %.2f times its %d (allowed %.2f)\n",
                 cases[i].name, time, 1e6 / time, Median(ratios[i]),
                 cases[i].signatures, cases[i].allowed);
  }
}

void PrintGarbage() {
  constexpr std::size_t megabyte = std::size_t{1} << 20U;
  const std::vector<std::uint8_t> ones(megabyte, 0x31);
  const std::string text(megabyte, '{');
  const auto anchor = verify::TrustAnchor::Intel().value();
  const std::array<std::pair<const char*, Work>, 4> parsers = {
      {{"quote", [&] { (void)attest::ParseQuote(ones); }},
       {"signed document",
        [&] { (void)verify::OpenSignedDocument(text, "tcbInfo"); }},
       {"CRL", [&] { (void)verify::VerifyCrl(ones, anchor.certificate()); }},
       {"chain", [&] { (void)verify::VerifyTcbSigningChain(text, anchor); }}}};
  for (const auto& [name, work] : parsers) {
    (void)printf("a megabyte as %-12s %9.1f us\n", name, TimeOf(work, 100));
  }
}

void PrintGrowth(const Work& work) {
  const auto in_use = [] { return static_cast<long>(mallinfo2().uordblks); };
  (void)TimeOf(work, 200);
  const long before = in_use();
  (void)TimeOf(work, 2000);
  (void)printf("memory after 2000 more     %9ld bytes\n", in_use() - before);
}

double PerSecond(const std::function<Work()>& make, int threads) {
  constexpr auto span = std::chrono::seconds(1);
  std::vector<std::jthread> running;
  running.reserve(static_cast<std::size_t>(threads));
  std::atomic<long> done{0};
  const auto end = std::chrono::steady_clock::now() + span;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      const Work work = make();
      while (std::chrono::steady_clock::now() < end) {
        work();
        ++done;
      }
    });
  }
  running.clear();
  return static_cast<double>(done);
}

void PrintScaling(const char* name, const std::function<Work()>& make) {
  constexpr int rounds = 5;
  std::vector<double> scaling;
  scaling.reserve(rounds);
  for (int i = 0; i < rounds; ++i) {
    scaling.push_back(PerSecond(make, 2) / PerSecond(make, 1));
  }
  (void)printf("two threads, %-13s %9.2f times one\n", name, Median(scaling));
}

void Run(int rounds) {
  const VerifyCase real = MakeVerifyCase();
  (void)printf("%s\n", real.name.c_str());

  const auto anchor = verify::TrustAnchor::FromPem(real.root_pem).value();
  OneSet ready(real.documents, anchor, false);
  Work hot = [&] { VerifyOrDie(real.quote, {anchor, real.at, &ready}); };
  const Work warm = [&] {
    anchor.enclaves().ForgetAll();
    VerifyOrDie(real.quote, {anchor, real.at, &ready});
  };
  // A fresh anchor knows nothing; reading its own certificate is the start of
  // a program, not part of a verification.
  std::vector<verify::TrustAnchor> fresh;
  const Work cold = [&] {
    if (fresh.empty()) {
      exit(1);
    }
    OneSet anew(real.documents, fresh.back(), true);
    VerifyOrDie(real.quote, {fresh.back(), real.at, &anew});
    fresh.pop_back();
  };
  const int colds = rounds * 40;
  for (int i = 0; i < colds; ++i) {
    fresh.push_back(verify::TrustAnchor::FromPem(real.root_pem).value());
  }
  PrintRatios(
      {{"cold", 9, 2.0, cold}, {"warm", 2, 1.25, warm}, {"hot", 1, 1.25, hot}},
      rounds);
  PrintGarbage();
  PrintGrowth(hot);
  PrintScaling("bare", [] {
    return Work([floor = std::make_shared<Floor>()] { floor->Verify(); });
  });
  PrintScaling("hot", [&] { return hot; });
}

}  // namespace
}  // namespace tdxvfs

int main(int argc, char** argv) {
  tdxvfs::Run(argc > 1 ? atoi(argv[1]) : 20);
  return 0;
}

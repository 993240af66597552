// SPDX-License-Identifier: Apache-2.0
// What does the size of the key store cost? CPU of one release (verification,
// policy, store, sealing; no network, the audit kept in memory) with a store of
// few and of many volumes, rounds of both in turn; and how long a store of many
// takes to open, to rotate and to copy. Usage: store_bench [MANY [RELEASES]]
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "attest/policy/measurement_policy.h"
#include "attest/report_data.h"
#include "bench/must.h"
#include "common/hex.h"
#include "common/secret.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/keys/store_file.h"
#include "keyserver/release_key.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"

namespace tdxvfs {
namespace {

namespace fs = std::filesystem;
using bench::Must;
using keyserver::SqliteKeyStore;

constexpr std::size_t kFew = 100;
constexpr std::size_t kMany = 1'000'000;
constexpr int kReleases = 2000;
constexpr int kRounds = 5;
constexpr Sha256Digest kAnchor = {1};

double CpuMs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 +
           static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

keyserver::MasterKey KeyOf(char letter) {
  return Must(keyserver::MasterKey::FromSecret(
      Must(Secret::CopyOf(AsBytes(std::string(32, letter))))));
}

std::string NameOf(std::size_t number) {
  return "volume-" + std::to_string(number);
}

Sha256Digest HeaderOf(std::size_t number) {
  return Must(Sha256(AsBytes(NameOf(number))));
}

// Adds volumes with one version and one policy each, all in one transaction.
void Fill(const fs::path& path, std::size_t count, const std::string& policy) {
  (void)Must(SqliteKeyStore::Open(path, KeyOf('a'), kAnchor));
  const keyserver::SqlitePtr database = Must(keyserver::OpenStoreFile(path));
  const keyserver::MasterKey key = KeyOf('a');
  const keyserver::SealedRows rows(database.get(), &key);
  auto transaction = Must(keyserver::SqliteTransaction::Begin(database.get()));
  keyserver::VersionRecord version;
  version.version = 1;
  version.created = "2026-01-01T00:00:00.000Z";
  version.description = {.uuid = "c9c1d1a0-0000-4000-8000-000000000001",
                         .header_size = 1 << 20,
                         .header_sha256 = {},
                         .header_profile = "sealed-1",
                         .file_system = "erofs",
                         .mount_options = {"ro"},
                         .verity = std::nullopt};
  for (std::size_t number = 0; number < count; ++number) {
    version.volume = NameOf(number);
    version.description.header_sha256 = HeaderOf(number);
    Must(rows.PutVolume(version.volume, {false, 1}));
    Must(rows.AddPolicy(version.volume, {1, policy, "bench", version.created}));
    Must(rows.AddVersion(version, AsBytes(std::string(64, 'p'))));
  }
  Must(transaction.Commit());
}

class MemoryAudit : public keyserver::AuditLog {
 public:
  Result<std::string> Append(const keyserver::AuditRecord& record) override {
    size_ += ToJsonLine(record, "0000-1").size();
    return std::string("0000-1");
  }
  Result<void> Append(const keyserver::OutcomeRecord& /*record*/) override {
    return {};
  }
  Result<std::string> Find(std::string_view /*audit_id*/) override {
    return Error(Reason::kAuditUnknown, "nothing is kept");
  }
  Result<keyserver::AuditListing> List(
      const keyserver::AuditFilter& /*filter*/) override {
    return keyserver::AuditListing{};
  }
  Result<keyserver::AuditPage> Export(const keyserver::AuditFilter& /*filter*/,
                                      std::string_view /*from*/) override {
    return keyserver::AuditPage{};
  }
  Result<keyserver::ShownEvidence> EvidenceOf(
      std::string_view /*decision*/) override {
    return Error(Reason::kFileNotFound, "nothing is kept");
  }
  Result<void> CheckHealth() override { return {}; }

 private:
  std::size_t size_ = 0;
};

struct Guest {
  keyserver::Exchange exchange;
  keyserver::Evidence evidence;
};

// What releases need besides the store.
struct Setup {
  std::unique_ptr<simulator::QuoteSigner> signer;
  std::unique_ptr<verify::TrustAnchor> anchor;
  std::unique_ptr<keyserver::ServedCertificates> certificates{};
  attest::TdReport report = simulator::GoodTdReport();
  SystemClock clock{};
  MemoryAudit audit{};
};

Guest GuestOf(const Setup& setup, std::size_t number) {
  Guest guest;
  guest.exchange = {.volume = NameOf(number),
                    .purpose = "OPEN",
                    .header_sha256 = HeaderOf(number),
                    .agent_version = "bench",
                    .peer = "ipv4:192.0.2.1:1",
                    .nonce = {1},
                    .evidence_deadline = std::chrono::steady_clock::now() +
                                         std::chrono::hours(1)};
  guest.evidence.public_key = Must(X25519KeyPair::Generate()).public_key;
  guest.evidence.server_certificate_sha256 = setup.certificates->current();
  attest::TdReport report = setup.report;
  report.report_data = Must(attest::ReportData(
      {.purpose = "OPEN",
       .nonce = guest.exchange.nonce,
       .public_key = guest.evidence.public_key,
       .volume = guest.exchange.volume,
       .header_sha256 = guest.exchange.header_sha256,
       .certificate_sha256 = guest.evidence.server_certificate_sha256,
       .config_digest = guest.evidence.config_digest}));
  guest.evidence.quote = Must(setup.signer->Sign(4, report));
  return guest;
}

// CPU per release in milliseconds, of volumes all over the store.
double ReleaseMs(Setup* setup, SqliteKeyStore* store, std::size_t count,
                 int releases, std::mt19937_64* random) {
  keyserver::ReleaseParts parts;
  parts.store = store;
  parts.audit = &setup->audit;
  parts.clock = &setup->clock;
  parts.anchor = setup->anchor.get();
  parts.certificates = setup->certificates.get();
  parts.collateral_source = [] { return std::string("none"); };
  keyserver::KeyRelease release(parts);
  std::vector<Guest> guests;
  guests.reserve(static_cast<std::size_t>(releases));
  for (int i = 0; i < releases; ++i) {
    guests.push_back(GuestOf(*setup, (*random)() % count));
  }
  const double before = CpuMs();
  for (const Guest& guest : guests) {
    (void)Must(release.Release(guest.exchange, guest.evidence));
  }
  return (CpuMs() - before) / releases;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void Compare(Setup* setup, const fs::path& folder, std::size_t many,
             int releases) {
  const std::string policy =
      policy::PolicyFromReport(setup->report, false).value();
  Fill(folder / "few.db", kFew, policy);
  Fill(folder / "many.db", many, policy);
  (void)printf(
      "%zu volumes: %.0f MiB\n", many,
      static_cast<double>(fs::file_size(folder / "many.db")) / 1048576);
  const auto few =
      Must(SqliteKeyStore::Open(folder / "few.db", KeyOf('a'), kAnchor));
  auto start = std::chrono::steady_clock::now();
  const auto much =
      Must(SqliteKeyStore::Open(folder / "many.db", KeyOf('a'), kAnchor));
  (void)printf("opened in %.3f s\n", SecondsSince(start));
  std::mt19937_64 random(1);
  std::vector<double> of_few;
  std::vector<double> of_many;
  for (int round = 0; round < kRounds; ++round) {
    of_few.push_back(ReleaseMs(setup, few.get(), kFew, releases, &random));
    of_many.push_back(ReleaseMs(setup, much.get(), many, releases, &random));
  }
  (void)printf("release with %zu volumes: %.3f ms, with %zu: %.3f ms (%.2f)\n",
               kFew, Median(of_few), many, Median(of_many),
               Median(of_many) / Median(of_few));
  start = std::chrono::steady_clock::now();
  (void)Must(much->Copy());
  (void)printf("copied in %.1f s\n", SecondsSince(start));
  start = std::chrono::steady_clock::now();
  Must(much->RotateMasterKey(KeyOf('a'), KeyOf('b')));
  (void)printf("rotated in %.1f s\n", SecondsSince(start));
}

void Run(std::size_t many, int releases) {
  std::string folder = fs::temp_directory_path() / "store-bench-XXXXXX";
  bench::MustSystem(mkdtemp(folder.data()) != nullptr, "make a folder");
  const auto pki = Must(simulator::Pki::Make(simulator::GoodPkiSpec()));
  Setup setup{.signer = std::make_unique<simulator::QuoteSigner>(
                  Must(simulator::QuoteSigner::Create(pki))),
              .anchor = std::make_unique<verify::TrustAnchor>(
                  Must(verify::TrustAnchor::FromPem(Must(pki.RootPem()))))};
  // Any certificate does: nobody connects.
  setup.certificates = std::make_unique<keyserver::ServedCertificates>(
      Sha256Digest{1}, std::chrono::hours(1), &setup.clock);
  Compare(&setup, folder, many, releases);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tdxvfs

int main(int argc, char** argv) {
  tdxvfs::bench::Must(tdxvfs::PrepareSecretMemory());
  const std::size_t many =
      argc > 1 ? std::strtoul(argv[1], nullptr, 10) : tdxvfs::kMany;
  const int releases = argc > 2
                           ? static_cast<int>(std::strtol(argv[2], nullptr, 10))
                           : tdxvfs::kReleases;
  tdxvfs::Run(many, releases);
  return 0;
}

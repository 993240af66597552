// SPDX-License-Identifier: Apache-2.0
#include "tests/support/core_rig.h"

#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include "attest/policy/measurement_policy.h"
#include "attest/report_data.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "keyserver/audit/audit_key_file.h"
#include "tests/support/audit_log_files.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::testing {
namespace {

using keyserver::Evidence;
using keyserver::Exchange;
using keyserver::SealedGrant;

constexpr Sha256Digest kCertificate = {0xce};
constexpr Sha256Digest kAnchorDigest = {1};
constexpr std::chrono::seconds kEvidenceTime{30};

keyserver::AuditSettings AuditSettingsIn(const std::filesystem::path& folder) {
  keyserver::AuditSettings settings;
  settings.key_file = folder / "audit.key";
  settings.reserve_bytes = 1 << 20;
  // Some files are full before a storm is over.
  settings.rotate_bytes = 64 << 10;
  return settings;
}

Exchange Begin(const CoreRig& rig, const std::string& volume,
               const std::string& peer) {
  Exchange exchange;
  exchange.volume = volume;
  exchange.purpose = "OPEN";
  exchange.header_sha256 = CoreRig::Header();
  exchange.agent_version = "0.1.0-test";
  exchange.peer = peer;
  EXPECT_EQ(RAND_bytes(exchange.nonce.data(),
                       static_cast<int>(exchange.nonce.size())),
            1);
  exchange.evidence_deadline = rig.clock.Steady() + kEvidenceTime;
  return exchange;
}

// The guest's side of one exchange.
struct CoreGuest {
  X25519KeyPair key = Checked(X25519KeyPair::Generate());
  attest::ReportDataBytes report_data{};

  Evidence Show(const CoreRig& rig, const Exchange& exchange) {
    Evidence evidence;
    evidence.public_key = key.public_key;
    evidence.server_certificate_sha256 = kCertificate;
    report_data = Checked(attest::ReportData(
        {.purpose = exchange.purpose,
         .nonce = exchange.nonce,
         .public_key = evidence.public_key,
         .volume = exchange.volume,
         .header_sha256 = exchange.header_sha256,
         .certificate_sha256 = evidence.server_certificate_sha256,
         .config_digest = evidence.config_digest}));
    attest::TdReport report = simulator::GoodTdReport();
    report.report_data = report_data;
    evidence.quote = Checked(rig.signer().Sign(4, report));
    return evidence;
  }

  std::string Mac(const SealedGrant& grant, std::string_view body) const {
    auto hpke = Checked(HpkeContext::SetupRecipient(
        grant.encapsulated_key, key, attest::GrantInfo(report_data)));
    EXPECT_FALSE(Checked(hpke.Open({}, grant.ciphertext)).empty());
    return std::string(AsText(Checked(HmacSha256(
        Checked(hpke.Export(attest::kOutcomeLabel, 32)), AsBytes(body)))));
  }
};

// A job of the work queue, and its answer.
template <typename Job>
auto OnWorkQueue(CoreRig* rig, Job job) {
  std::promise<decltype(job())> promise;
  auto answer = promise.get_future();
  rig->work->Post([&promise, &job] { promise.set_value(job()); });
  return answer.get();
}

CoreEnding EndingOf(const Error& error) {
  return {std::string(InfoOf(error.reason()).slug), error.audit_id()};
}

}  // namespace

CoreRig::CoreRig()
    : certificates(kCertificate, std::chrono::hours(1), &clock),
      metrics("0.1.0-test"),
      admission({.attestations = 12,
                 .peer_attestations = 12,
                 .peer_per_minute = 1'000'000,
                 .peer_burst = 1'000'000},
                &clock),
      volume_rate({.per_minute = 1'000'000, .burst = 1'000'000}, &clock) {
  pki_ = std::make_unique<simulator::Pki>(
      Checked(simulator::Pki::Make(simulator::GoodPkiSpec())));
  signer_ = std::make_unique<simulator::QuoteSigner>(
      Checked(simulator::QuoteSigner::Create(*pki_)));
  anchor_ = std::make_unique<verify::TrustAnchor>(
      Checked(verify::TrustAnchor::FromPem(Checked(pki_->RootPem()))));
  store = Checked(keyserver::SqliteKeyStore::Open(
      folder_.path() / "store.db", MasterKeyOf('a'), kAnchorDigest));
  audit = Checked(keyserver::JsonLinesAuditLog::Open(
      audit_folder_.path(), AuditSettingsIn(folder_.path()), &clock));
  OpenCollateral();
  keyserver::ReleaseParts parts;
  parts.store = store.get();
  parts.audit = audit.get();
  parts.clock = &clock;
  parts.anchor = anchor_.get();
  parts.certificates = &certificates;
  parts.collateral = &collateral;
  parts.pck_chains = &collateral;
  parts.collateral_source = [this] { return collateral.SourceText(); };
  parts.volume_rate = &volume_rate;
  parts.guests = &guests;
  parts.metrics = &metrics;
  release = std::make_unique<keyserver::KeyRelease>(parts);
  deletions = std::make_unique<keyserver::DueDeletions>(store.get(), &clock);
  work = std::make_unique<keyserver::WorkQueue>(8);
}

void CoreRig::OpenCollateral() {
  service_ = std::make_unique<simulator::PccsServer>(
      Checked(simulator::PccsServer::Start(*pki_, {}, {})));
  keyserver::CollateralConfig config;
  config.source = keyserver::CollateralConfig::Source::kPccs;
  config.pccs_url = service_->url();
  config.cache = folder_.path() / "collateral";
  collateral.Replace(
      Checked(keyserver::OpenCollateral(config, anchor_.get(), &clock)));
}

void CoreRig::AddVolume(const std::string& name) {
  keyserver::VersionDescription description{
      .uuid = "c9c1d1a0-0000-4000-8000-000000000001",
      .header_size = 1 << 20,
      .header_sha256 = Header(),
      .header_profile = "sealed-1",
      .file_system = "erofs",
      .mount_options = {"ro"},
      .verity = std::nullopt};
  Checked(store->AddVersion(name, description, Checked(Secret::Random(64)),
                            clock.Now()));
  Checked(store->PutPolicy(
      name, policy::PolicyFromReport(simulator::GoodTdReport(), false).value(),
      "test", clock.Now()));
}

std::vector<std::string> CoreRig::AuditFiles() const {
  return LogFilesIn(audit_folder_.path());
}

audit::PublicKey CoreRig::AuditKey() const {
  return Checked(keyserver::LoadAuditKey(folder_.path() / "audit.key"))
      .public_key();
}

keyserver::MasterKey CoreRig::MasterKeyOf(char letter) {
  return Checked(keyserver::MasterKey::FromSecret(
      Checked(Secret::CopyOf(AsBytes(std::string(32, letter))))));
}

Sha256Digest CoreRig::Header() { return {0x4e}; }

CoreEnding UnlockThroughCore(CoreRig* rig, const std::string& volume,
                             const std::string& peer,
                             const std::function<void(Evidence*)>& lie) {
  auto slot = rig->admission.Enter(peer);
  if (!slot.has_value()) {
    rig->metrics.CountLimited();
    return EndingOf(slot.error());
  }
  rig->metrics.CountStream(1);
  const Exchange exchange = Begin(*rig, volume, peer);
  const auto deadline = rig->deadlines.After(kEvidenceTime, [] {});
  CoreGuest guest;
  Evidence evidence = guest.Show(*rig, exchange);
  if (lie) {
    lie(&evidence);
  }
  rig->deadlines.Cancel(deadline);
  const auto grant = OnWorkQueue(
      rig, [&] { return rig->release->Release(exchange, evidence); });
  slot->Leave();
  rig->metrics.CountStream(-1);
  if (!grant.has_value()) {
    rig->metrics.CountRefusal(grant.error().reason(), std::chrono::seconds(0));
    return EndingOf(grant.error());
  }
  rig->metrics.CountRelease(std::chrono::seconds(0));
  constexpr std::string_view body = "an outcome";
  if (const auto checked = keyserver::KeyRelease::CheckOutcome(
          *grant, body, guest.Mac(*grant, body));
      !checked.has_value()) {
    return EndingOf(checked.error());
  }
  const auto recorded = OnWorkQueue(rig, [&] {
    return rig->release->RecordOutcome(exchange, *grant, "opened", "", "");
  });
  rig->metrics.CountOutcome("opened");
  return recorded.has_value() ? CoreEnding{"", grant->audit_id}
                              : EndingOf(recorded.error());
}

}  // namespace tdxvfs::testing

// SPDX-License-Identifier: Apache-2.0
#include "bench/pretend_fleet.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "attest/policy/measurement_policy.h"
#include "bench/must.h"
#include "common/file.h"
#include "common/hex.h"
#include "keyserver/config.h"
#include "keyserver/config_files.h"
#include "keyserver/grant_wire.h"
#include "keyserver/init.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/leaf_certificate.h"

namespace tdxvfs::bench {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;
constexpr std::size_t kTagSize = 16;  // of the sealed grant

std::filesystem::path MakeFolder() {
  std::string name = std::filesystem::temp_directory_path() / "bench-XXXXXX";
  MustSystem(mkdtemp(name.data()) != nullptr, "make a folder");
  return name;
}

keyserver::VersionDescription DescribeVersion(const std::string& header) {
  keyserver::VersionDescription description{
      .uuid = "c9c1d1a0-0000-4000-8000-000000000001",
      .header_size = 1 << 20,
      .header_profile = "sealed-1",
      .file_system = "erofs",
      .mount_options = {"ro"},
      .verity =
          keyserver::VerityDescription{.hash = "sha256",
                                       .data_block_size = 4096,
                                       .hash_block_size = 4096,
                                       .data_blocks = 2000,
                                       .hash_start_block = 2000,
                                       .salt = std::vector<std::uint8_t>(32),
                                       .root_hash = {}}};
  std::ranges::copy(AsBytes(header), description.header_sha256.begin());
  return description;
}

}  // namespace

PretendFleet::PretendFleet(std::string_view limits)
    : folder_(MakeFolder()), report_(simulator::GoodTdReport()) {
  pki_ = std::make_unique<simulator::Pki>(
      Must(simulator::Pki::Make(simulator::GoodPkiSpec())));
  collateral_ = std::make_unique<simulator::PccsServer>(
      Must(simulator::PccsServer::Start(*pki_, {}, {})));
  signer_ = std::make_unique<simulator::QuoteSigner>(
      Must(simulator::QuoteSigner::Create(*pki_)));
  const auto anchor = folder_ / "root.pem";
  Must(WriteNewFile(anchor, AsBytes(Must(pki_->RootPem())), 0644));
  const auto directory = folder_ / "server";
  Must(keyserver::Init({.directory = directory,
                        .names = {"127.0.0.1"},
                        .listen = "127.0.0.1:0",
                        .trust_anchor = anchor,
                        .collateral = collateral_->url()}));
  config_ = directory / "keyserver.toml";
  const std::string text =
      Must(ReadFile(config_, kMaxFile)) + "\n[limits]\n" + std::string(limits);
  Must(ReplaceFile(config_, AsBytes(text), 0644));
  ca_pem_ = Must(ReadFile(directory / "tls/ca.pem", kMaxFile));
  certificate_sha256_ =
      AsText(Must(keyserver::ReadLeafCertificate(
                      Must(ReadFile(directory / "tls/server.pem", kMaxFile))))
                 .sha256);
}

PretendFleet::~PretendFleet() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::size_t PretendFleet::RegisterVolume() const {
  const auto config = Must(keyserver::LoadConfig(config_));
  const auto store = Must(keyserver::SqliteKeyStore::Open(
      config.store, Must(keyserver::MasterKey::Load(config.master_key)),
      Must(keyserver::LoadTrustAnchor(config)).key_digest()));
  const auto now = std::chrono::system_clock::now();
  const Secret passphrase = Must(Secret::Random(64));
  keyserver::VersionRecord record;
  record.volume = kFleetVolume;
  record.description = DescribeVersion(header_);
  record.version = Must(
      store->AddVersion(kFleetVolume, record.description, passphrase, now));
  Must(store->PutPolicy(kFleetVolume,
                        policy::PolicyFromReport(report_, false).value(),
                        "bench", now));
  return Must(keyserver::SerializeGrant(record, passphrase)).size() + kTagSize;
}

}  // namespace tdxvfs::bench

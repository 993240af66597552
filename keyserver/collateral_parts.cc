// SPDX-License-Identifier: Apache-2.0
#include "keyserver/collateral_parts.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "collateral/bundle_supplier.h"
#include "collateral/pcs_client.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::keyserver {
namespace {

using Source = CollateralConfig::Source;

constexpr std::size_t kMaxServiceCa = 1024UL * 1024;
// A bundle is a local file: a new one is noticed soon.
constexpr std::chrono::minutes kBundleEvery{1};
constexpr std::chrono::seconds kPckChainTimeout{5};
// Below the cache's directory; no set has this name.
constexpr const char* kMemoryFile = "newest-seen.json";

// With a client of its own: guests wait for it.
Result<std::unique_ptr<collateral::PckChainService>> MakePckChains(
    const CollateralConfig& config, const Clock* clock) {
  std::unique_ptr<collateral::PckChainService> none;
  if (config.source != Source::kPccs) {
    return none;
  }
  ASSIGN_OR_RETURN(auto client, collateral::PcsClient::Open(
                                    {.pccs_url = config.pccs_url,
                                     .ca_file = config.ca,
                                     .request_timeout = kPckChainTimeout}));
  return std::make_unique<collateral::PckChainService>(
      collateral::PckChainService::Options{}, std::move(client), clock);
}

Result<std::unique_ptr<collateral::Supplier>> MakeSupplier(
    const CollateralConfig& config) {
  if (config.source == Source::kOffline) {
    return std::unique_ptr<collateral::Supplier>(
        std::make_unique<collateral::BundleSupplier>(config.bundle));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<collateral::Supplier> service,
                   collateral::PcsClient::Open(
                       {.pccs_url = config.pccs_url, .ca_file = config.ca}));
  if (config.bundle.empty()) {
    return service;
  }
  return std::unique_ptr<collateral::Supplier>(
      std::make_unique<collateral::ServiceThenBundle>(
          std::move(service), collateral::BundleSupplier(config.bundle)));
}

// Sets of the bundle that this server would use.
Result<std::vector<collateral::SetName>> NamesInBundle(
    const CollateralConfig& config) {
  std::vector<collateral::SetName> names;
  if (config.bundle.empty()) {
    return names;
  }
  ASSIGN_OR_RETURN(const std::vector<collateral::NamedSet> sets,
                   collateral::LoadBundle(config.bundle));
  for (const collateral::NamedSet& set : sets) {
    if (set.name.update == config.update) {
      names.push_back(set.name);
    }
  }
  return names;
}

}  // namespace

Result<void> CheckCollateralCa(const CollateralConfig& config) {
  if (config.ca.empty()) {
    return {};
  }
  ASSIGN_OR_RETURN(const std::string pem,
                   ReadConfigFile(config.ca, kMaxServiceCa));
  if (pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return Error(Reason::kConfigInvalid,
                 "'" + config.ca + "' has no PEM certificate");
  }
  return {};
}

Result<void> CheckCollateralBundle(const CollateralConfig& config) {
  RETURN_IF_ERROR(NamesInBundle(config));
  return {};
}

Result<std::shared_ptr<CollateralParts>> OpenCollateral(
    const CollateralConfig& config, const verify::TrustAnchor* anchor,
    const Clock* clock) {
  if (config.source == Source::kNone) {
    return std::shared_ptr<CollateralParts>();
  }
  auto opened = std::make_shared<CollateralParts>();
  CollateralParts& parts = *opened;
  RETURN_IF_ERROR(
      CheckCollateralCa(config).Context("attestation.collateral_ca"));
  RETURN_IF_ERROR(
      CheckCollateralBundle(config).Context("attestation.collateral_bundle"));
  ASSIGN_OR_RETURN(parts.supplier, MakeSupplier(config));
  parts.source_text = config.SourceText();
  ASSIGN_OR_RETURN(parts.pck_chains, MakePckChains(config, clock));
  ASSIGN_OR_RETURN(collateral::CollateralCache cache,
                   collateral::CollateralCache::Open(config.cache));
  ASSIGN_OR_RETURN(collateral::RollbackMemory memory,
                   collateral::RollbackMemory::Open(
                       std::filesystem::path(config.cache) / kMemoryFile));
  collateral::CollateralService::Options options;
  options.update = config.update;
  if (config.source == Source::kOffline) {
    options.refresh_every = kBundleEvery;
  }
  parts.service = std::make_unique<collateral::CollateralService>(
      options,
      collateral::CollateralService::Parts{parts.supplier.get(), anchor, clock},
      std::move(cache), std::move(memory));
  RETURN_IF_ERROR(parts.service->LoadCache());
  ASSIGN_OR_RETURN(const auto names, NamesInBundle(config));
  parts.service->Expect(names);
  return opened;
}

std::shared_ptr<CollateralParts> CurrentCollateral::Parts() const {
  const std::lock_guard lock(mutex_);
  return parts_;
}

void CurrentCollateral::Replace(std::shared_ptr<CollateralParts> parts) {
  const std::lock_guard turn(replacing_);
  const std::shared_ptr<CollateralParts> old = Parts();
  // Both keep their files in the same folder: one thread at a time.
  if (old != nullptr) {
    old->service->Stop();
  }
  if (parts != nullptr) {
    if (old != nullptr) {
      parts->service->Follow(old->service.get());
    }
    parts->service->Start();
  }
  const std::lock_guard lock(mutex_);
  parts_ = std::move(parts);
}

Result<verify::CollateralOutcome> CurrentCollateral::Find(
    const Wanted& wanted) {
  std::shared_ptr<CollateralParts> parts = Parts();
  while (parts != nullptr) {
    auto found = parts->service->Find(wanted);
    if (found.has_value()) {
      return found;
    }
    // Those that were asked may have been exchanged meanwhile.
    const std::lock_guard turn(replacing_);
    std::shared_ptr<CollateralParts> current = Parts();
    if (current == parts) {
      return found;
    }
    parts = std::move(current);
  }
  return Error(Reason::kCollateralUnavailable, "no collateral is configured");
}

Result<std::string> CurrentCollateral::Find(const attest::PckCertId& id) {
  const std::shared_ptr<CollateralParts> parts = Parts();
  if (parts == nullptr || parts->pck_chains == nullptr) {
    return Error(Reason::kCollateralUnavailable,
                 "no caching service is configured");
  }
  return parts->pck_chains->Find(id);
}

bool CurrentCollateral::has_pck_chains() const {
  const std::shared_ptr<CollateralParts> parts = Parts();
  return parts != nullptr && parts->pck_chains != nullptr;
}

std::string CurrentCollateral::SourceText() const {
  const std::shared_ptr<CollateralParts> parts = Parts();
  return parts == nullptr ? "none" : parts->source_text;
}

collateral::CollateralState CurrentCollateral::State() const {
  const std::shared_ptr<CollateralParts> parts = Parts();
  return parts == nullptr ? collateral::CollateralState()
                          : parts->service->State();
}

}  // namespace tdxvfs::keyserver

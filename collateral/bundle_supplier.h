// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_BUNDLE_SUPPLIER_H_
#define TDXVFS_COLLATERAL_BUNDLE_SUPPLIER_H_

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "collateral/offline_bundle.h"
#include "collateral/supplier.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Reads a bundle. Fails as ReadFile and ParseBundle do.
Result<std::vector<NamedSet>> LoadBundle(const std::filesystem::path& file);

// Sets of a bundle file, which is read anew each time: a newer bundle takes
// effect by replacing the file.
class BundleSupplier : public Supplier {
 public:
  explicit BundleSupplier(std::filesystem::path file)
      : file_(std::move(file)) {}

  // Fails with kCollateralUnknown (not in the bundle) or as LoadBundle.
  Result<verify::CollateralDocuments> Fetch(
      const SetName& name, const std::stop_token& stop) override;

 private:
  const std::filesystem::path file_;
};

// Asks a service first and a bundle for what the service does not give.
class ServiceThenBundle : public Supplier {
 public:
  ServiceThenBundle(std::unique_ptr<Supplier> service, BundleSupplier bundle)
      : service_(std::move(service)), bundle_(std::move(bundle)) {}

  // Fails with what the service said when the bundle does not have it either.
  Result<verify::CollateralDocuments> Fetch(
      const SetName& name, const std::stop_token& stop) override;

 private:
  const std::unique_ptr<Supplier> service_;
  BundleSupplier bundle_;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_BUNDLE_SUPPLIER_H_

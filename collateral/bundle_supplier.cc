// SPDX-License-Identifier: Apache-2.0
#include "collateral/bundle_supplier.h"

#include <algorithm>
#include <string>

#include "common/file.h"

namespace tdxvfs::collateral {

Result<std::vector<NamedSet>> LoadBundle(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxBundle));
  return ParseBundle(text).Context("'" + file.string() + "'");
}

Result<verify::CollateralDocuments> BundleSupplier::Fetch(
    const SetName& name, const std::stop_token& /*stop*/) {
  ASSIGN_OR_RETURN(std::vector<NamedSet> sets, LoadBundle(file_));
  const auto found = std::ranges::find(sets, name, &NamedSet::name);
  if (found == sets.end()) {
    return Error(Reason::kCollateralUnknown,
                 "'" + file_.string() + "' has no set " + name.ToText());
  }
  return std::move(found->documents);
}

Result<verify::CollateralDocuments> ServiceThenBundle::Fetch(
    const SetName& name, const std::stop_token& stop) {
  auto fetched = service_->Fetch(name, stop);
  if (fetched.has_value() || stop.stop_requested()) {
    return fetched;
  }
  auto carried = bundle_.Fetch(name, stop);
  return carried.has_value() ? std::move(carried) : std::move(fetched);
}

}  // namespace tdxvfs::collateral

// SPDX-License-Identifier: Apache-2.0
#include "cli/collateral_sets.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "collateral/bundle_supplier.h"
#include "collateral/set_directory.h"
#include "common/file.h"

namespace tdxvfs::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxAnchor = 64UL * 1024;  // bytes

Result<void> AddDirectory(const fs::path& path, std::vector<FoundSet>* found) {
  ASSIGN_OR_RETURN(verify::CollateralDocuments documents,
                   collateral::ReadSetDirectory(path));
  found->push_back({path.string(), std::nullopt, std::move(documents)});
  return {};
}

Result<void> AddBundle(const fs::path& path, std::vector<FoundSet>* found) {
  ASSIGN_OR_RETURN(std::vector<collateral::NamedSet> sets,
                   collateral::LoadBundle(path));
  for (collateral::NamedSet& set : sets) {
    found->push_back({path.string() + " " + set.name.ToText(), set.name,
                      std::move(set.documents)});
  }
  return {};
}

// Whether a file of a directory is one of a key server's cache.
bool IsCached(const fs::path& path) {
  return path.extension() == ".json" &&
         collateral::SetName::FromText(path.stem().string()).has_value();
}

// Other entries of a folder are no sets, and left alone.
Result<void> AddEntry(const fs::path& path, std::vector<FoundSet>* found) {
  if (collateral::IsSetDirectory(path)) {
    return AddDirectory(path, found);
  }
  return IsCached(path) ? AddBundle(path, found) : Result<void>();
}

Result<std::vector<fs::path>> EntriesOf(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) {
    return SystemError(Reason::kFileUnreadable,
                       "read directory '" + directory.string() + "'",
                       error.value());
  }
  std::ranges::sort(entries);
  return entries;
}

}  // namespace

Result<std::vector<FoundSet>> FindSets(const fs::path& path,
                                       std::vector<DamagedSet>* damaged) {
  std::vector<FoundSet> found;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    RETURN_IF_ERROR(AddBundle(path, &found));
    return found;
  }
  if (collateral::IsSetDirectory(path)) {
    RETURN_IF_ERROR(AddDirectory(path, &found));
    return found;
  }
  ASSIGN_OR_RETURN(const std::vector<fs::path> entries, EntriesOf(path));
  for (const fs::path& entry : entries) {
    Result<void> added = AddEntry(entry, &found);
    if (!added.has_value() && damaged != nullptr) {
      damaged->push_back({entry.string(), added.error().ToString()});
      continue;
    }
    RETURN_IF_ERROR(std::move(added));
  }
  if (found.empty() && (damaged == nullptr || damaged->empty())) {
    return Error(Reason::kFileNotFound,
                 "'" + path.string() + "': no collateral in it");
  }
  return found;
}

Result<verify::TrustAnchor> AnchorFromOption(const std::string& file) {
  if (file.empty()) {
    return verify::TrustAnchor::Intel();
  }
  ASSIGN_OR_RETURN(const std::string pem, ReadFile(file, kMaxAnchor));
  return verify::TrustAnchor::FromPem(pem).Context("trust anchor '" + file +
                                                   "'");
}

}  // namespace tdxvfs::cli

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_COLLATERAL_CACHE_H_
#define TDXVFS_COLLATERAL_COLLATERAL_CACHE_H_

#include <filesystem>
#include <vector>

#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Sets on disk, one file (a bundle of one set, mode 0600) for each name, so
// that a restarted server needs no network. A set is replaced as a whole: after
// a power cut the old or the new one is there. Used by one thread at a time.
class CollateralCache {
 public:
  // Makes the directory (mode 0700) where it is missing and removes what an
  // interrupted write left. Fails with kFileUnwritable or kPermission.
  static Result<CollateralCache> Open(const std::filesystem::path& directory);

  // The sets that have a file, in order. Fails with kFileUnreadable.
  Result<std::vector<SetName>> Names() const;
  // Fails with kFileNotFound, kFileUnreadable or kFileInvalid (damaged, or not
  // the set of this name). What comes back is not verified.
  Result<verify::CollateralDocuments> Load(const SetName& name) const;
  // Fails as ReplaceFile does.
  Result<void> Store(const NamedSet& set) const;

 private:
  explicit CollateralCache(std::filesystem::path directory)
      : directory_(std::move(directory)) {}
  std::filesystem::path PathOf(const SetName& name) const;

  std::filesystem::path directory_;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_COLLATERAL_CACHE_H_

// SPDX-License-Identifier: Apache-2.0
#include "collateral/collateral_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "collateral/offline_bundle.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

constexpr std::string_view kSuffix = ".json";
// What ReplaceFile calls a file before it is complete.
constexpr std::string_view kUnfinished = ".json.new.";
constexpr mode_t kCacheFileMode = 0600;
constexpr mode_t kCacheDirectoryMode = 0700;

Error Unreadable(const std::filesystem::path& directory,
                 const std::error_code& error) {
  return SystemError(Reason::kFileUnreadable,
                     "read directory '" + directory.string() + "'",
                     error.value());
}

Result<std::vector<std::string>> FileNames(
    const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) {
    return Unreadable(directory, error);
  }
  return names;
}

}  // namespace

Result<CollateralCache> CollateralCache::Open(
    const std::filesystem::path& directory) {
  if (mkdir(directory.c_str(), kCacheDirectoryMode) != 0 && errno != EEXIST) {
    return SystemError(
        errno == EACCES ? Reason::kPermission : Reason::kFileUnwritable,
        "create directory '" + directory.string() + "'", errno);
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return SystemError(Reason::kPermission,
                       "write to directory '" + directory.string() + "'",
                       errno);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FileNames(directory));
  for (const std::string& name : names) {
    if (name.find(kUnfinished) != std::string::npos) {
      (void)unlink((directory / name).c_str());
    }
  }
  return CollateralCache(directory);
}

std::filesystem::path CollateralCache::PathOf(const SetName& name) const {
  return directory_ / (name.ToText() + std::string(kSuffix));
}

Result<std::vector<SetName>> CollateralCache::Names() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FileNames(directory_));
  std::vector<SetName> names;
  for (const std::string& file : files) {
    if (!file.ends_with(kSuffix)) {
      continue;
    }
    const auto name = SetName::FromText(
        std::string_view(file).substr(0, file.size() - kSuffix.size()));
    if (name.has_value()) {
      names.push_back(*name);
    }
  }
  std::ranges::sort(names);
  return names;
}

Result<verify::CollateralDocuments> CollateralCache::Load(
    const SetName& name) const {
  const std::filesystem::path path = PathOf(name);
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBundle));
  auto sets = ParseBundle(text);
  if (!sets.has_value()) {
    return std::move(sets).Context("'" + path.string() + "'").error();
  }
  if (sets->size() != 1 || sets->front().name != name) {
    return Error(Reason::kFileInvalid,
                 "'" + path.string() + "': not the set of this name");
  }
  return std::move(sets->front().documents);
}

Result<void> CollateralCache::Store(const NamedSet& set) const {
  return ReplaceFile(PathOf(set.name), AsBytes(BundleText({set})),
                     kCacheFileMode);
}

}  // namespace tdxvfs::collateral

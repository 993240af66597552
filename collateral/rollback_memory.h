// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_ROLLBACK_MEMORY_H_
#define TDXVFS_COLLATERAL_ROLLBACK_MEMORY_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "attest/verify/collateral.h"
#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// What was the newest of each document so far. Intel signs each document by
// itself and for 30 days, so an old one with lower thresholds, or a CRL from
// before a revocation, can be replayed until it expires; what was seen once may
// not become older again. Kept apart for standard and early updates, which lag
// each other on purpose. Used by one thread at a time.
class RollbackMemory {
 public:
  // How new a document is. CRLs have no evaluation number; theirs is 0.
  struct Mark {
    std::uint32_t evaluation_number = 0;
    std::chrono::system_clock::time_point issued;
  };
  using Marks = std::map<std::string, Mark>;

  // Reads `file`, or begins anew where there is none; an empty path keeps
  // nothing on disk. A damaged file is kFileInvalid: forgetting is a decision
  // for people.
  static Result<RollbackMemory> Open(std::filesystem::path file);

  // Whether no document of this set is older than one seen before: per TCB info
  // and QE identity by evaluation number and issueDate, per CRL issuer by
  // thisUpdate. Fails with kCollateralInvalid.
  Result<void> Check(const SetName& name, const verify::Collateral& set) const;
  // Notes everything that `earlier` has noted. What is not on disk yet comes
  // there with the next set.
  void Learn(const RollbackMemory& earlier);
  // Notes a set. Fails as ReplaceFile does; then it is noted until the end of
  // the process only.
  Result<void> Remember(const SetName& name, const verify::Collateral& set);

 private:
  explicit RollbackMemory(std::filesystem::path file)
      : file_(std::move(file)) {}

  std::filesystem::path file_;
  Marks marks_;
};

// Whether a document of this set is older than the same one of another set.
bool IsOlder(const SetName& name, const verify::Collateral& set,
             const verify::Collateral& than);

// The file's text: {"version":1,"seen":{"NAME":{"number":17,"issued":SECONDS}}}
std::string RollbackText(const RollbackMemory::Marks& marks);
// Fails with kFileInvalid.
Result<RollbackMemory::Marks> ParseRollbackText(std::string_view text);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_ROLLBACK_MEMORY_H_

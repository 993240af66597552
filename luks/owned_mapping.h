// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_OWNED_MAPPING_H_
#define TDXVFS_LUKS_OWNED_MAPPING_H_

#include <string>
#include <utility>

namespace tdxvfs::luks {

// A device-mapper device of an opening. Removed when destroyed, unless it was
// kept; destroy what uses it first.
class OwnedMapping {
 public:
  // Takes over an existing mapping of this name.
  explicit OwnedMapping(std::string name) : name_(std::move(name)) {}
  OwnedMapping(OwnedMapping&& other) noexcept
      : name_(std::exchange(other.name_, {})) {}
  OwnedMapping& operator=(OwnedMapping&&) = delete;
  OwnedMapping(const OwnedMapping&) = delete;
  OwnedMapping& operator=(const OwnedMapping&) = delete;
  // Removes it now, or, while something still holds it, with its last user.
  ~OwnedMapping();

  // From now on it outlives this object.
  void Keep() { name_.clear(); }

 private:
  std::string name_;  // empty: nothing to remove
};

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_OWNED_MAPPING_H_

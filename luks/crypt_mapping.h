// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_CRYPT_MAPPING_H_
#define TDXVFS_LUKS_CRYPT_MAPPING_H_

#include <sys/types.h>

#include <string>

#include "common/result.h"
#include "common/secret.h"
#include "luks/backing_device.h"
#include "luks/crypt_device.h"

namespace tdxvfs::luks {

// A read-only dm-crypt mapping. Removed when destroyed, unless it was kept;
// destroy what uses it first.
class CryptMapping {
 public:
  // Unlocks the key slot of a loaded and checked header and maps `backing`
  // under `name`. The volume key goes into the kernel's keyring and leaves
  // this process. Fails with kPassphraseWrong, kVolumeInUse (name taken),
  // kIoError, kHeaderRefused (no usable key slot) or kMappingFailed.
  static Result<CryptMapping> Open(const CryptDevice& header,
                                   const BackingDevice& backing,
                                   const std::string& name,
                                   const Secret& passphrase);

  CryptMapping(CryptMapping&& other) noexcept;
  CryptMapping& operator=(CryptMapping&&) = delete;
  CryptMapping(const CryptMapping&) = delete;
  CryptMapping& operator=(const CryptMapping&) = delete;
  ~CryptMapping();

  const std::string& name() const { return name_; }
  // From now on it outlives this object.
  void Keep() { name_.clear(); }

 private:
  explicit CryptMapping(std::string name) : name_(std::move(name)) {}
  std::string name_;  // empty: nothing to remove
};

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_CRYPT_MAPPING_H_

// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_ACTIVATE_MAPPING_H_
#define TDXVFS_LUKS_ACTIVATE_MAPPING_H_

#include <functional>
#include <string>

#include "common/error.h"
#include "luks/crypt_device.h"

namespace tdxvfs::luks {

struct Activation {
  int code = 0;      // libcryptsetup's: negative errno, else success
  std::string word;  // libdevmapper's last error; empty without one
};

// Calls `activate`, one of libcryptsetup's activations. A table that the kernel
// does not take is -ENODEV there (up to 2.7; the errno is lost in libdevmapper)
// or -EBUSY, as when udev's probes hold the device below or its node is not
// there yet. That passes, so it is tried 25 times in all, 20 ms apart.
Activation ActivateMapping(const std::function<int()>& activate);

// "mapping 'NAME': WHY", in the kernel's words rather than in the library's.
Error ActivationError(const CryptDevice& device, const Activation& activation,
                      Reason reason, const std::string& name);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_ACTIVATE_MAPPING_H_

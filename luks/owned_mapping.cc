// SPDX-License-Identifier: Apache-2.0
#include "luks/owned_mapping.h"

#include "luks/device_mapper.h"

namespace tdxvfs::luks {

OwnedMapping::~OwnedMapping() {
  if (!name_.empty() && !RemoveMapping(name_, Removal::kNow).has_value()) {
    (void)RemoveMapping(name_, Removal::kWhenUnused).has_value();
  }
}

}  // namespace tdxvfs::luks

// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "collateral/offline_bundle.h"
#include "collateral/rollback_memory.h"
#include "common/hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  (void)tdxvfs::collateral::ParseBundle(tdxvfs::AsText({data, size}));
  (void)tdxvfs::collateral::ParseRollbackText(tdxvfs::AsText({data, size}));
  return 0;
}

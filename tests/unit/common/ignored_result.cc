// SPDX-License-Identifier: Apache-2.0
// Not linked into anything: ctest shows that the compiler refuses this file,
// and that it takes it once the result is used.
#include "common/result.h"

namespace {

tdxvfs::Result<int> Number() { return 1; }
tdxvfs::Result<void> Nothing() { return {}; }

}  // namespace

bool UseResults() {
#ifdef TDXVFS_USE_RESULTS
  return Number().has_value() && Nothing().has_value();
#else
  Number();
  Nothing();
  return true;
#endif
}
